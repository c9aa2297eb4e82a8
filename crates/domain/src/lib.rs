//! What Satchel's records are: kinds, their fields, the values that fields hold, and what is
//! derived from them. No I/O, no clock, no randomness: the same input gives the same output on
//! every device, because other devices must derive the same ids and the same projections.

pub mod capture;
pub mod catalogue;
pub mod date;
pub mod duplicates;
pub mod errand;
pub mod filter;
pub mod formula;
pub mod ids;
pub mod merging;
pub mod money;
pub mod name;
pub mod note;
pub mod phone;
pub mod place;
pub mod playbook;
pub mod projection;
pub mod quote;
pub mod rank;
pub mod register;
pub mod remind;
pub mod repeat;
pub mod route;
pub mod series;
pub mod template;
pub mod text;
pub mod training;
pub mod value;
pub mod when;

pub use catalogue::{Catalogue, Field, FieldType, Kind};
pub use ids::{DeviceId, OperationId, RecordId, WorkspaceId};
pub use projection::{Projection, SearchText, project};
pub use register::{Registers, Scalar};
pub use uuid::Uuid;
pub use value::{Fields, Value, ValueError};
