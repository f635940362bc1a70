//! The command line.

use clap::{Parser, Subcommand};
use ferrite_host::{
    devices, dma, image, inspect, run, sim,
    verify::coverage::{Coverage, Table},
};
use std::{
    fmt::Display,
    io::{ErrorKind, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Windows around a network driver, on Linux: loads an NDIS 6 miniport image (.sys), binds it by its INF to
/// a NIC of QEMU's, carries traffic through it, and holds it to the rules of NDIS.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Options),
    Dma(dma::Options),
    Sim(sim::Options),
    Rules(RulesOptions),
    Inspect(InspectOptions),
    Devices(DevicesOptions),
}

/// Show what an image is without running it: sections, imports and the oldest Windows that has each, imports
/// that ferrite-host lacks, version, PDB. Or what an INF installs on which Windows.
#[derive(clap::Args)]
struct InspectOptions {
    /// The image (.sys), or the INF (.inf).
    image: PathBuf,
    /// Its PDB [default: the one it names, beside it].
    #[arg(long)]
    pdb: Option<PathBuf>,
    /// Hold it to the rules of Ferrite's own image, and fail with every one that it breaks.
    #[arg(long, requires = "imports")]
    strict: bool,
    /// With --strict: the table of imports that it may and must have.
    #[arg(long, value_name = "FILE")]
    imports: Option<PathBuf>,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

/// List what an INF serves: for class Net, which of the NICs that QEMU offers; for class System, its models.
#[derive(clap::Args)]
struct DevicesOptions {
    /// The INF.
    #[arg(long, default_value = "inf/ferrite.inf")]
    inf: PathBuf,
    /// The QEMU program.
    #[arg(long, default_value = "qemu-system-x86_64", value_name = "PROGRAM")]
    qemu: PathBuf,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

/// List the rules that drivers are held to: id, the name and code under which Windows tools report each, what breaks
/// it, and how often the last run, dma or sim watched it. Those that it never watched come last.
#[derive(clap::Args)]
struct RulesOptions {
    /// The coverage of that run [default: what it left in the state directory].
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(options) => outcome(run::run(&options), options.json),
        Command::Dma(options) => outcome(dma::run(&options), options.json),
        Command::Sim(options) => simulate(&options),
        Command::Rules(options) => show(rules(&options), options.json),
        Command::Inspect(options) => look_into(&options),
        Command::Devices(options) => show(devices::list(&options.qemu, &options.inf), options.json),
    }
}

/// Prints what came of a run; with `--json` an error as well.
fn outcome<T: serde::Serialize + Display>(result: Result<T, run::RunError>, json: bool) -> ExitCode {
    match result {
        Err(error) if json => {
            let _ = print_json(&error.as_json());
            ExitCode::FAILURE
        }
        result => show(result, json),
    }
}

/// Prints what simulations came to; findings are told already, and a failure.
fn simulate(options: &sim::Options) -> ExitCode {
    let result = sim::run(options);
    let found = result.as_ref().is_ok_and(|report| !report.findings.is_empty());
    let code = outcome(result, options.json);
    if found { ExitCode::FAILURE } else { code }
}

/// The rules, with what was watched of them.
fn rules(options: &RulesOptions) -> Result<Table, String> {
    let coverage = match &options.coverage {
        Some(place) => Some(Coverage::read(place)?),
        // No run has been kept before the first one.
        None => Coverage::place()
            .filter(|place| place.exists())
            .map(|place| Coverage::read(&place))
            .transpose()?,
    };
    Ok(Table::new(coverage.as_ref()))
}

fn look_into(options: &InspectOptions) -> ExitCode {
    if options.image.extension().is_some_and(|end| end.eq_ignore_ascii_case("inf")) {
        if options.strict || options.pdb.is_some() {
            return fail(&format!("{}: --strict and --pdb are for images", options.image.display()));
        }
        return show(inspect::inspect_inf(&options.image), options.json);
    }
    let implements = |module: &str, name: &str| image::resolve(module, name).is_some();
    match (&options.imports, options.strict) {
        (Some(imports), true) => {
            match inspect::strict(&options.image, options.pdb.as_deref(), imports, &implements) {
                Ok(report) => show(Ok::<_, String>(report), options.json),
                Err(findings) => {
                    for finding in &findings {
                        eprintln!("{finding}");
                    }
                    fail(&format!("{}: {} findings", options.image.display(), findings.len()))
                }
            }
        }
        _ => show(inspect::inspect(&options.image, options.pdb.as_deref(), &implements), options.json),
    }
}

/// Prints a result, for a person or for a machine.
fn show<T: serde::Serialize + Display, E: Display>(result: Result<T, E>, json: bool) -> ExitCode {
    match result {
        Ok(value) if json => print_json(&value),
        Ok(value) => print(value.to_string().trim_end()),
        Err(error) => fail(&error.to_string()),
    }
}

/// Prints a result; a reader that has seen enough is no failure.
fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => fail(&error.to_string()),
        _ => ExitCode::SUCCESS,
    }
}

fn print_json(value: &impl serde::Serialize) -> ExitCode {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&text),
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(what: &str) -> ExitCode {
    eprintln!("ferrite-host: {}", what.trim_end());
    ExitCode::FAILURE
}
