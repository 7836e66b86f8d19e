//! Where processor time goes.

use super::Desk;

#[cfg(not(feature = "hotspots"))]
#[tokio::test]
async fn a_program_built_without_profiles_says_how_to_have_them() {
    let desk = Desk::open();
    let page = desk.html("/hotspots?seconds=1").await;
    assert_eq!(page.status, 501);
    assert!(page.text().contains("--features hotspots"));
    desk.close().await;
}

#[cfg(feature = "hotspots")]
mod with_profiles {
    use super::*;
    use std::hint::black_box;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    #[inline(never)]
    fn turns_the_processor(stop: &AtomicBool) {
        let mut n = 0_u64;
        while !stop.load(Relaxed) {
            n = black_box(n.wrapping_mul(31).wrapping_add(7));
        }
    }

    #[tokio::test]
    async fn what_runs_is_seen_in_every_form() {
        let desk = Desk::open();
        assert!(
            desk.text("/hotspots")
                .await
                .text()
                .contains("No profile was taken")
        );
        assert_eq!(desk.get("/hotspots?format=pprof", "*/*").await.status, 404);

        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let turning = std::thread::spawn(move || turns_the_processor(&stopped));
        let head = "GET /hotspots?seconds=1 HTTP/1.1\r\nhost: localhost\r\naccept: text/html";
        let elsewhere = desk
            .ask(&format!("{head}\r\nsec-fetch-site: cross-site"))
            .await;
        assert_eq!(elsewhere.status, 403);
        let (page, second) = tokio::join!(desk.ask(head), desk.ask(head));
        stop.store(true, Relaxed);
        turning.join().expect("no panic");
        // One at a time.
        let mut statuses = [page.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);

        let folded = desk.text("/hotspots").await;
        let busy = folded
            .text()
            .lines()
            .find(|l| l.contains("turns_the_processor"));
        assert!(busy.is_some(), "{}", folded.text());
        let page = desk.html("/hotspots").await;
        assert!(
            page.text().contains("<svg class=\"flame\"")
                && page.text().contains("turns_the_processor")
        );
        assert!(!page.text().contains("<script") && !page.text().contains("style="));
        let focused = desk.html("/hotspots?focus=0").await;
        assert!(focused.text().contains("href=\"/hotspots?focus=0.0\""));
        let nowhere = desk.html("/hotspots?focus=9999").await;
        assert!(nowhere.text().contains("not in this profile"));
        let pprof = desk.get("/hotspots?format=pprof", "*/*").await;
        assert_eq!(pprof.header("content-type"), "application/octet-stream");
        let name = b"turns_the_processor";
        assert!(pprof.body.windows(name.len()).any(|w| w == name));
        desk.close().await;
    }
}
