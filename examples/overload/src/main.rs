//! Runs the experiments and tells what came of them.

use clap::Parser;
use overload::{Experiment, Figure, Options, curves, measure_cost, run_live};
use std::error::Error;

#[svrkit::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    if !options.json {
        println!("{}", Figure::HEAD);
    }
    let figures = match options.real {
        true => in_real_time(&options).await?,
        false => in_virtual_time(&options)?,
    };
    if let Some(path) = &options.svg {
        let title = match options.real {
            true => "Goodput as a part of the optimum, over load; real time",
            false => "Goodput as a part of the optimum, over load; virtual time",
        };
        std::fs::write(path, curves(title, &figures))?;
    }
    Ok(())
}

fn in_virtual_time(options: &Options) -> Result<Vec<Figure>, Box<dyn Error>> {
    let mut figures = Vec::new();
    for experiment in options.experiments() {
        let cases = experiment.cases(options.seconds).into_iter();
        for case in cases.filter(|case| options.wants(case)) {
            for policy in options.policies() {
                let figure = Figure::simulate(&case, policy, options.seed);
                tell(options, &figure)?;
                figures.push(figure);
            }
        }
    }
    Ok(figures)
}

async fn in_real_time(options: &Options) -> Result<Vec<Figure>, Box<dyn Error>> {
    let mut figures = Vec::new();
    for experiment in [Experiment::E1, Experiment::E2] {
        if !options.experiments().contains(&experiment) {
            continue;
        }
        let cases = experiment.cases(options.seconds).into_iter();
        for case in cases.filter(|case| options.wants(case)) {
            for policy in options.policies() {
                let figure = run_live(&case, policy, options.seed).await?;
                tell(options, &figure)?;
                figures.push(figure);
            }
        }
    }
    let cost = measure_cost().await?;
    if options.json {
        println!("{}", serde_json::to_string(&cost)?);
    } else {
        println!(
            "E7    a refusal costs {:.2} us, serving {:.1} us of which {:.0} are the handler's: {:.2} %",
            cost.refused_us,
            cost.served_us,
            cost.work_us,
            cost.ratio * 100.0
        );
    }
    Ok(figures)
}

fn tell(options: &Options, figure: &Figure) -> Result<(), serde_json::Error> {
    if options.json {
        println!("{}", serde_json::to_string(figure)?);
    } else {
        println!("{figure}");
    }
    Ok(())
}
