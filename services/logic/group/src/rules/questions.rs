//! Questions of those who want in.

use crate::config::Config;
use crate::group::Group;
use crate::plan::Plan;
use crate::refusal::Refusal;
use im_idl::group::JoinQuestion;
use im_idl::group_store::ChangeRequest;

/// Whether a question still counts.
pub(crate) fn is_current(question: &JoinQuestion, config: &Config, now_ms: u64) -> bool {
    now_ms.saturating_sub(question.asked_ms) < config.question_ms()
}

/// Puts questions beside those that wait; those of old make room.
pub(crate) fn ask(
    group: &Group,
    questions: Vec<JoinQuestion>,
    config: &Config,
    now_ms: u64,
) -> Result<Plan, Refusal> {
    let waiting = group.questions.values();
    let (current, old): (Vec<_>, Vec<_>) =
        waiting.partition(|question| is_current(question, config, now_ms));
    if current.len() + questions.len() > config.questions_max {
        return Err(Refusal::TooManyQuestions);
    }
    let asked_anew = |uin: &u64| questions.iter().any(|question| question.uin == *uin);
    let old = old.into_iter().map(|question| question.uin);
    let remove_questions = old.filter(|uin| !asked_anew(uin)).collect();
    let change = ChangeRequest {
        put_questions: questions,
        remove_questions,
        ..ChangeRequest::default()
    };
    Ok(Plan {
        change,
        ..Plan::default()
    })
}

/// Whether a question of `uin` waits already.
pub(crate) fn is_waiting(group: &Group, uin: u64, config: &Config, now_ms: u64) -> bool {
    let question = group.questions.get(&uin);
    question.is_some_and(|question| is_current(question, config, now_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{NOW_MS, STRANGER, scene};

    #[test]
    fn what_has_waited_too_long_makes_room() {
        let config = Config {
            questions_max: 2,
            ..Config::default()
        };
        let question = |uin, asked_ms| JoinQuestion {
            uin,
            asked_ms,
            ..JoinQuestion::default()
        };
        let later = NOW_MS + config.question_ms();
        let mut group = scene();
        for uin in [1, 2] {
            group.questions.insert(uin, question(uin, NOW_MS));
        }
        let ask = |now_ms| ask(&group, vec![question(STRANGER, now_ms)], &config, now_ms);
        assert_eq!(ask(later - 1), Err(Refusal::TooManyQuestions));
        assert!(is_waiting(&group, 1, &config, later - 1));
        let plan = ask(later).unwrap();
        assert_eq!(plan.change.remove_questions, [1, 2]);
        assert_eq!(plan.change.put_questions.len(), 1);
        assert!(!is_waiting(&group, 1, &config, later));
    }
}
