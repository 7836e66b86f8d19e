//! The two ways in: the command, and the library.

use crate::args::PressArgs;
use crate::backend::Backend;
use crate::error::PressError;
use crate::overload::run_overload;
use crate::report::Report;
use crate::run::run_load;
use std::error::Error;
use std::sync::Arc;
use std::thread;
use svrkit_rt::Connect;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// Runs a load and prints its report.
///
/// # Errors
/// [`PressError`]: it could not be run, or promises were broken.
pub async fn run(args: PressArgs) -> Result<(), Box<dyn Error + Send + Sync>> {
    if let Some(times) = args.overload {
        return overload(args, times).await;
    }
    let args_of_load = args.clone();
    let report = on_own_thread(async move || {
        let backend = Backend::start(&args_of_load).await?;
        run_load(&args_of_load, backend).await
    })
    .await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    if !report.is_clean() {
        return Err(PressError::NotClean(Box::new(report)).into());
    }
    Ok(())
}

/// Runs a load against whatever `connect` connects to, on the current thread, and reports. Arguments about the backend are without
/// effect.
///
/// # Errors
/// It could not be run; broken promises are in the report.
///
/// # Panics
/// Outside of a runtime.
pub async fn prove(args: &PressArgs, connect: Arc<dyn Connect>) -> Result<Report, PressError> {
    let backend = Backend::Running {
        connect,
        pids: Vec::new(),
    };
    LocalSet::new().run_until(run_load(args, backend)).await
}

async fn overload(args: PressArgs, times: f64) -> Result<(), Box<dyn Error + Send + Sync>> {
    let is_json = args.json;
    let report = on_own_thread(async move || {
        let backend = Backend::start(&args).await?;
        run_overload(&args, times, backend).await
    })
    .await?;
    if is_json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    if !report.is_good() {
        return Err(PressError::NotKept(Box::new(report)).into());
    }
    Ok(())
}

/// One thread with a runtime of its own: nothing is locked, and nothing moves between CPUs.
async fn on_own_thread<T: Send + 'static>(
    work: impl AsyncFnOnce() -> Result<T, PressError> + Send + 'static,
) -> Result<T, PressError> {
    let (done, report) = oneshot::channel();
    let work = move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let reported = runtime
            .map_err(PressError::Backend)
            .and_then(|runtime| LocalSet::new().block_on(&runtime, work()));
        // Nobody waits when the command was ended.
        let _ = done.send(reported);
    };
    let thread = thread::Builder::new().name("press".to_owned()).spawn(work);
    thread.map_err(PressError::Backend)?;
    report.await.map_err(|_| PressError::Thread)?
}
