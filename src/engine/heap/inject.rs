//! Requests for memory refused on purpose, to see what becomes of a guest wherever in its
//! program it meets the cap. Only with the feature `inject`.

use std::cell::Cell;

/// Which requests are refused, of those that make a block or let one grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The number of the first, counted from 1.
    pub nth: u64,
    /// Whether all after it are, too.
    pub and_after: bool,
    /// Whether only large ones are counted and refused: larger than the engine's arenas.
    pub large_only: bool,
}

thread_local! {
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// Runs `work`, with requests to the heaps of this thread refused by `plan`. Answers what
/// came of it, and how many requests were counted.
pub fn with<R>(plan: Plan, work: impl FnOnce() -> R) -> (R, u64) {
    /// Ends the plan also when `work` panics.
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            PLAN.set(None);
        }
    }
    PLAN.set(Some(plan));
    COUNT.set(0);
    let end = End;
    let result = work();
    drop(end);
    (result, COUNT.get())
}

/// Whether the request that is being made is to be refused.
pub(super) fn refuses(is_large: bool) -> bool {
    let Some(plan) = PLAN.get().filter(|plan| is_large || !plan.large_only) else {
        return false;
    };
    let number = COUNT.get() + 1;
    COUNT.set(number);
    number == plan.nth || plan.and_after && number > plan.nth
}
