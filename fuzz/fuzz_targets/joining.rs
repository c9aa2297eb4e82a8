//! Links, requests, authorizations, addresses: what people paste and strangers send.
#![no_main]

use satchel_protocol::{Authorization, BlobContent, Invitation, SealedRequest};
use satchel_sync::{LanAddress, ServerAddress, is_served};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(sealed) = SealedRequest::decode(data) {
        assert_eq!(SealedRequest::decode(&sealed.encode()), Ok(sealed));
    }
    let text = satchel_fuzz::text(data);
    if let Ok(invitation) = Invitation::from_link(&text) {
        assert_eq!(Invitation::from_link(&invitation.to_link()), Ok(invitation));
    }
    if let Ok(Authorization::Invited(pass)) = Authorization::parse(&text) {
        assert_eq!(Authorization::parse(&pass.authorization()), Ok(Authorization::Invited(pass)));
    }
    if let Ok(content) = text.parse::<BlobContent>() {
        assert_eq!(content.to_string().parse(), Ok(content));
    }
    if let Ok(Some(address)) = ServerAddress::parse(&text) {
        assert!(is_served(&address.base) && !address.name().is_empty());
        let again = ServerAddress::parse(&address.base).expect("an address").expect("of a server");
        assert_eq!(again.base, address.base);
    }
    if let Ok(Some(address)) = LanAddress::parse(&text) {
        assert!(matches!(LanAddress::parse(&address.to_string()), Ok(Some(same)) if same == address));
    }
});
