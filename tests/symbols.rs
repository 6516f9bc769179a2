//! Symbols that the host makes, of any description.

mod support;

use support::{show, Guest, NoHost};

#[test]
fn a_symbol_has_any_description() {
    let guest = Guest::new();
    let start = guest.used();
    for registered in [false, true] {
        for description in ["", "a", "č", "1", "0", "4294967295", "2283471113", "-1", "1.5"] {
            let (shown, stop) = guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
                let symbol = scope.symbol(description, registered);
                show(symbol.get_str("description"))
            });
            assert_eq!((shown.as_deref(), stop), (Ok(description), None));
        }
    }
    guest.assert_back_to(start);
}
