//! The figures, each beside a baseline measured in the same run.

use crate::{Done, call, cargo, target_dir};

pub fn bench(args: &[String]) -> Done {
    call(&mut cargo(&["build", "--release", "--package", "satchel-tests", "--example", "bench"]))?;
    let mut command = std::process::Command::new(target_dir().join("release/examples/bench"));
    call(command.args(args).env("SATCHEL_BENCH_OUT", target_dir().join("bench.json")))
}
