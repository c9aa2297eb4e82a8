//! `satchel-server`: starts without a configuration, and says what to do next.

use clap::{Parser, Subcommand};
use satchel_server::{
    Server,
    blobs::{Blobs, FOLDER},
    check::{check, check_pieces},
    config::Config,
    open,
    version::Version,
};
use serde_json::json;
use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    process::ExitCode,
};

/// Carries what a team's devices say to each other. It can read nothing of it.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// A TOML file; what it does not name is as usual
    #[arg(long, env = "SATCHEL_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Where to listen; port 0 picks one
    #[arg(long, env = "SATCHEL_LISTEN", value_name = "HOST:PORT", global = true)]
    listen: Option<String>,
    /// Where the store lies
    #[arg(long, env = "SATCHEL_DATA", value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// PostgreSQL instead of a file, for several servers at once
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    /// How devices reach this server, such as https://sync.example.com
    #[arg(long, env = "SATCHEL_ADDRESS", value_name = "URL")]
    address: Option<String>,
    /// Clients older than this are told to update, such as 0.1.0
    #[arg(long, env = "SATCHEL_LEAST_CLIENT", value_name = "VERSION")]
    least_client: Option<Version>,
    /// Anybody may register a workspace
    #[arg(long, env = "SATCHEL_OPEN")]
    open: bool,
    /// Say it as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Copy the whole store into a file, while the server runs
    Backup { file: PathBuf },
    /// Read everything that is stored, and say what does not hold together
    Check,
    /// List the workspaces: ids, sizes, when something came last
    Workspaces,
}

fn config(args: &Args) -> Result<Config, String> {
    let mut config = match &args.config {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            Config::parse(&text).map_err(|e| format!("{}: {e}", path.display()))?
        }
        None => Config::default(),
    };
    if let Some(listen) = &args.listen {
        let mut found = listen.to_socket_addrs().map_err(|e| format!("«{listen}» is no HOST:PORT: {e}"))?;
        config.listen = found.next().ok_or_else(|| format!("«{listen}» is no address of this machine"))?;
    }
    config.data = args.data.clone().unwrap_or(config.data);
    config.database_url = args.database_url.clone().or(config.database_url);
    config.address = args.address.clone().or(config.address);
    config.least_client = args.least_client.or(config.least_client);
    config.open |= args.open;
    Ok(config)
}

fn main() -> ExitCode {
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    if args.json {
        logs.json().init()
    } else {
        logs.init()
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime.map_err(|e| e.to_string()).and_then(|runtime| runtime.block_on(run(args)));
    match done {
        Ok(code) => code,
        Err(message) => {
            eprintln!("satchel-server: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<ExitCode, String> {
    let config = config(&args)?;
    match args.command {
        None => serve(config, args.json).await,
        Some(Command::Backup { file }) => {
            if file.exists() {
                return Err(format!("{} is there already; name another file", file.display()));
            }
            open(&config).await?.backup(&file).await.map_err(|e| e.to_string())?;
            match args.json {
                true => println!("{}", json!({ "file": file })),
                false => println!(
                    "{} holds everything but attachments, which are {}; `satchel-server check` on a copy proves it",
                    file.display(),
                    config.blobs.as_ref().map_or_else(
                        || format!("files in {}: copy them after it", config.data.join(FOLDER).display()),
                        |url| format!("in {url}"),
                    )
                ),
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Check) => {
            let store = open(&config).await?;
            let mut report = check(&*store).await.map_err(|e| e.to_string())?;
            let blobs = Blobs::open(&config)?;
            check_pieces(&*store, &blobs, &mut report).await.map_err(|e| e.to_string())?;
            match args.json {
                true => println!("{}", json!(report)),
                false => {
                    println!(
                        "{} workspaces, {} segments, {} entries, {} bytes, {} pieces of attachments",
                        report.workspaces, report.segments, report.entries, report.bytes, report.pieces
                    );
                    report.wrong.iter().for_each(|line| println!("wrong: {line}"));
                }
            }
            Ok(if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some(Command::Workspaces) => {
            let all = open(&config).await?.workspaces().await.map_err(|e| e.to_string())?;
            let rows: Vec<_> = all
                .iter()
                .map(|w| {
                    json!({"workspace": w.id.to_string(), "segments": w.head, "entries": w.entries,
                        "bytes": w.bytes, "created_at": w.created_at, "written_at": w.written_at})
                })
                .collect();
            match args.json {
                true => println!("{}", json!({ "workspaces": rows })),
                false => {
                    all.iter().for_each(|w| println!("{}  {} entries  {} bytes", w.id, w.entries, w.bytes))
                }
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn serve(config: Config, json: bool) -> Result<ExitCode, String> {
    let local = config.listen.ip().is_loopback();
    let server = Server::start(config).await?;
    if json {
        println!("{}", json!({"listening": server.url, "setup": server.setup}));
    } else {
        println!("satchel-server listens on {}", server.url);
        println!();
        println!("Connect the first device with this address, in the app (Team) or by");
        println!("    satchel remote add {}", server.setup);
        println!("It registers a new team: keep it to yourself. Others join by invitation.");
        if local {
            let example: SocketAddr = ([0, 0, 0, 0], server.address.port()).into();
            println!();
            println!("Only this computer reaches it. For others: --listen {example}, behind TLS.");
        }
    }
    server.run().await;
    Ok(ExitCode::SUCCESS)
}
