//! Everything out again, in formats that other programs read.

use crate::{AppError, ListRequest, Session, error::Code};
use satchel_domain::{Kind, date::rfc3339};
use satchel_interchange::{CsvTable, spreadsheet_safe, vcard_of};
use satchel_storage::{Row, lists};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    Csv,
    Json,
    Vcard,
}

#[derive(Clone, Debug)]
pub struct ExportOptions {
    pub kinds: Vec<Kind>,
    pub format: ExportFormat,
    /// A file for one kind, a folder for several.
    pub out: PathBuf,
    pub request: ListRequest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct ExportedFile {
    pub path: String,
    pub rows: u32,
    /// BLAKE3 would be ours alone: SHA-256 is what people can check.
    pub sha256: String,
}

impl Session {
    pub fn export(&self, options: &ExportOptions) -> Result<Vec<ExportedFile>, AppError> {
        let several = options.kinds.len() > 1 || options.out.is_dir();
        if several {
            satchel_vault::files::private_dir(&options.out).map_err(AppError::io(&options.out))?;
        }
        let mut files = Vec::new();
        for kind in &options.kinds {
            let extension = match options.format {
                ExportFormat::Csv => "csv",
                ExportFormat::Json => "json",
                ExportFormat::Vcard => "vcf",
            };
            let path =
                if several { options.out.join(format!("{kind}.{extension}")) } else { options.out.clone() };
            let order = self.order_of(&crate::lists::query(*kind, &options.request)?)?;
            self.export_one(*kind, options.format, &path, &order)?;
            let bytes = std::fs::read(&path).map_err(AppError::io(&path))?;
            files.push(ExportedFile {
                path: path.display().to_string(),
                rows: u32::try_from(order.len()).unwrap_or(u32::MAX),
                sha256: sha256(&bytes),
            });
        }
        Ok(files)
    }

    /// Written beside the goal and moved there whole: a failed export leaves an earlier file as it was.
    fn export_one(
        &self,
        kind: Kind,
        format: ExportFormat,
        path: &Path,
        order: &[i64],
    ) -> Result<(), AppError> {
        let part = path.with_extension("part");
        let io = AppError::io(path);
        let written = (|| {
            let mut out = BufWriter::new(satchel_vault::files::private_file(&part).map_err(&io)?);
            match format {
                ExportFormat::Csv => self.write_csv(kind, order, &mut out)?,
                ExportFormat::Json => self.write_json(kind, order, &mut out)?,
                ExportFormat::Vcard => self.write_vcards(kind, order, &mut out)?,
            }
            out.into_inner().map_err(|e| io(e.into_error()))?.sync_all().map_err(&io)?;
            std::fs::rename(&part, path).map_err(&io)
        })();
        if written.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        written
    }

    fn each(
        &self,
        kind: Kind,
        order: &[i64],
        mut visit: impl FnMut(&Row) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let catalogue = self.catalogue();
        for rows in order.chunks(500) {
            for row in self.store.read(|db| lists::page(db, &catalogue, kind, rows))? {
                visit(&row)?;
            }
        }
        Ok(())
    }

    fn write_csv(&self, kind: Kind, order: &[i64], out: &mut impl Write) -> Result<(), AppError> {
        let catalogue = self.catalogue();
        let fields: Vec<satchel_domain::Field> = catalogue.offered(kind).cloned().collect();
        let mut table = CsvTable::new(&fields);
        self.each(kind, order, |row| {
            table.measure(&row.fields);
            Ok(())
        })?;
        let failed =
            |e: std::io::Error| AppError::new(Code::DiskFull, format!("the file cannot be written: {e}"));
        // The mark tells Excel that the file is UTF-8.
        out.write_all("\u{feff}".as_bytes()).map_err(failed)?;
        let header: Vec<String> = table.header().iter().map(|h| spreadsheet_safe(h)).collect();
        write_line(out, &header).map_err(failed)?;
        self.each(kind, order, |row| {
            let cells =
                table.row(&row.id.to_string(), row.company_title.as_deref().unwrap_or_default(), &row.fields);
            write_line(out, &cells).map_err(failed)
        })
    }

    fn write_json(&self, kind: Kind, order: &[i64], out: &mut impl Write) -> Result<(), AppError> {
        let failed =
            |e: std::io::Error| AppError::new(Code::DiskFull, format!("the file cannot be written: {e}"));
        out.write_all(b"{\"records\":[").map_err(failed)?;
        let mut first = true;
        self.each(kind, order, |row| {
            let record = json!({
                "id": row.id.to_string(), "kind": kind.key(), "title": row.title, "fields": row.fields,
                "company_title": row.company_title, "created_at": rfc3339(row.created_at), "updated_at": rfc3339(row.updated_at),
            });
            let comma = if std::mem::take(&mut first) { "\n" } else { ",\n" };
            write!(out, "{comma}{record}").map_err(failed)
        })?;
        out.write_all(b"\n]}\n").map_err(failed)
    }

    fn write_vcards(&self, kind: Kind, order: &[i64], out: &mut impl Write) -> Result<(), AppError> {
        let catalogue = self.catalogue();
        let failed =
            |e: std::io::Error| AppError::new(Code::DiskFull, format!("the file cannot be written: {e}"));
        self.each(kind, order, |row| {
            let company = row.company_title.as_deref().unwrap_or_default();
            let card =
                vcard_of(kind, &row.id.to_string(), &row.title, company, &row.fields, catalogue.fields(kind));
            out.write_all(card.as_bytes()).map_err(failed)
        })
    }
}

/// RFC 4180: quoted where needed, CRLF.
fn write_line(out: &mut impl Write, cells: &[String]) -> std::io::Result<()> {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        if cell.contains(['"', ',', '\n', '\r', ';']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
