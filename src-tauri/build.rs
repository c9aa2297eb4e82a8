//! Each command needs a permission by name: what is not listed here cannot be called.

include!("src/names.rs");

fn main() {
    println!("cargo::rerun-if-changed=src-tauri/src/names.rs");
    let commands = tauri_build::InlinedPlugin::new()
        .commands(COMMANDS)
        .default_permission(tauri_build::DefaultPermissionRule::AllowAllCommands);
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/**/*")
        .plugin("satchel", commands);
    tauri_build::try_build(attributes).expect("the Tauri configuration is sound");
}
