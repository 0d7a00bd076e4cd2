//! Which records count: keys, conditions, sources, tenants, fields that are not there.

use crate::play::check;

#[test]
fn conditions_choose_the_events() {
    check(
        "window count by account, sliding 1h, only kind any of pay|fee
         window count by account, sliding 1h, only kind none of pay|fee
         window count by account, sliding 1h, only amount at least 10
         window count by account, sliding 1h, only amount below 10
         window sum of amount by account, sliding 1h, only kind any of pay, only amount at least 10
         09:00  a  pay 10       → 1, 0, 1, 0, 10.00
         09:01  a  refund 9.99  → 1, 1, 1, 1, 10.00
         09:02  a  fee 10.01    → 2, 1, 2, 1, 10.00
         09:03  a  pay -1       → 3, 1, 2, 2, 10.00
         09:04  a  pay 20       → 4, 1, 3, 2, 30.00",
    );
}

#[test]
fn conditions_of_every_kind_compare_as_their_kind_does() {
    check(
        "window count by account, sliding 1h, only items at least -1
         window count by account, sliding 1h, only rate below 0.5
         window count by account, sliding 1h, only rate any of 0|1
         window count by account, sliding 1h, only seen at least 2026-01-01T00:00:00Z
         window count by account, sliding 1h, only fresh any of true
         window count by account, sliding 1h, only fresh none of true
         09:00  a  pay 1  items=-1 rate=0.5 seen=2026-01-01T00:00:00Z fresh=true   → 1, 0, 0, 1, 1, 0
         09:01  a  pay 1  items=-2 rate=-0 seen=2025-12-31T23:59:59Z fresh=false   → 1, 1, 1, 1, 1, 1
         09:02  a  pay 1  items=7 rate=1 seen=2026-06-01T00:00:00Z                 → 2, 1, 2, 2, 1, 2",
    );
}

#[test]
fn an_absent_field_is_none_of_anything_and_nothing_else() {
    check(
        "window count by account, sliding 1h, only device any of d1
         window count by account, sliding 1h, only device none of d1
         window count by account, sliding 1h, only amount below 10
         09:00  a  pay -             → 0, 1, 0
         09:01  a  pay 1  device=d1  → 1, 1, 1
         09:02  a  pay 1  device=d2  → 1, 2, 2",
    );
}

#[test]
fn tenants_are_apart() {
    check(
        "window count by account, sliding 1h
         09:00  red/a   pay 1  → 1
         09:01  blue/a  pay 1  → 1
         09:02  red/a   pay 1  → 2
         09:03  a       pay 1  → 1",
    );
}

#[test]
fn a_window_reads_the_sources_that_it_names() {
    check(
        "window count by account, sliding 1h
         window sum of amount by account, sliding 1h, from settlements
         window count by account, sliding 1h, from payments|settlements
         window latest of rate by kind, sliding 1h, from prices
         09:00  a  eur 1                      → 1, 0.00, 1, –
         09:01  (settlements) a  eur 7
         09:02  (prices) -  eur -  rate=1.1
         09:03  a  eur 1  rate=9              → 2, 7.00, 3, 1.1    # its own rate is no price
         09:02:30  (prices) -  eur -  rate=1.2
         09:02:10  (prices) -  eur -  rate=1.3
         09:04  a  eur 1                      → 3, 7.00, 4, 1.2    # the newest, whenever it came
         09:04  a  usd 1                      → 4, 7.00, 5, –",
    );
}

#[test]
fn what_a_window_does_not_read_cannot_spoil_it() {
    check(
        "window sum of amount by account, sliding 1h, from settlements
         window count by account, sliding 1h, only device any of d1
         window sum of items by account, sliding 1h, only device any of d1
         09:00  a  pay ?  device=d1           → 0.00, 1, 0    # the amount of a payment is not asked for
         09:01  (settlements) a  pay 7
         09:02  (settlements) a  pay ?
         09:03  a  pay ?  device=d2 items=?   → 7.00, 1, 0    # of another device: its items are not either
         09:04  a  pay ?  device=d1 items=?   → 7.00, 2, bad items
         09:05  a  pay 1  device=? items=2    → 7.00, bad device, bad device
         09:06  a  pay 1  device=? items=?    → 7.00, bad device, bad device
         09:07  a  pay 1  device=?            → 7.00, bad device, 0    # without items there is nothing to add
         09:08  a  pay 1  device=d1 items=2   → 7.00, 3, 2",
    );
}

#[test]
fn a_key_may_have_several_fields() {
    check(
        "window count by account+device, sliding 1h
         window count by device+account, sliding 1h, without itself
         window count by account, sliding 1h
         window count by items+fresh+seen+amount, sliding 1h
         09:00  a   pay 1.00  device=d1 items=1 fresh=true seen=2026-01-01T00:00:00Z  → 1, 0, 1, 1
         09:01  a   pay 1.00  device=d2 items=1 fresh=true seen=2026-01-01T00:00:00Z  → 1, 0, 2, 2
         09:02  a   pay 1     device=d1 items=1 fresh=true seen=2026-01-01T00:00:00Z  → 2, 1, 3, 3
         09:03  ad  pay 1     device=1  items=1 fresh=false seen=2026-01-01T00:00:00Z  → 1, 0, 1, 1    # not the key \"a\", \"d1\"
         09:04  a   pay 1     device=1  items=1 fresh=true seen=2026-01-01T00:00:01Z  → 1, 0, 4, 1",
    );
}

#[test]
fn without_a_part_of_its_key_a_record_is_in_no_series() {
    check(
        "window count by account+device, sliding 1h
         window sum of amount by account, sliding 1h
         09:00  a  pay 1                → no key, 1.00
         09:01  a  pay 1  device=d1     → 1, 2.00
         09:02  a  pay 1  device=-      → no key, 3.00
         09:03  -  pay 1  device=d1     → no key, no key
         09:04  -  pay 1  device=?      → no key, no key
         09:05  a  pay 1  device=?      → bad device, 4.00
         09:06  ?  pay 1  device=?      → bad account, bad account
         09:07  a  pay ?  device=d1     → 2, bad amount",
    );
}

#[test]
fn an_operand_that_is_not_there_is_no_event_for_it() {
    check(
        "window count by account, sliding 1h
         window sum of amount by account, sliding 1h
         window mean of amount by account, sliding 1h
         window latest of device by account, sliding 1h
         window distinct of device by account, sliding 1h
         09:00  a  pay -             → 1, 0.00, –, –, 0
         09:01  a  pay 3             → 2, 3.00, 3, –, 0
         09:02  a  pay -  device=d1  → 3, 3.00, 3, d1, 1
         09:03  a  pay ?             → 4, bad amount, bad amount, d1, 1    # it counts, and adds nothing
         09:04  a  pay 4  device=?   → 5, 7.00, 3.5, bad device, bad device
         09:05  a  pay -             → 6, 7.00, 3.5, d1, 1",
    );
}

#[test]
fn texts_of_more_than_a_kibibyte_are_neither_keys_nor_operands() {
    check(
        "window count by account, sliding 1h
         window count by device, sliding 1h
         window distinct of device by account, sliding 1h
         window count by account, sliding 1h, only device none of d1
         09:00  a  pay 1  device=x*1024     → 1, 1, 1, 1
         09:01  a  pay 1  device=x*1025     → 2, long device, long device, 2    # a condition may compare it
         09:02  a  pay 1  device=x*1000000  → 3, long device, long device, 3
         09:03  a  pay 1  device=x*1024     → 4, 2, 1, 4
         09:04  a*1025  pay 1  device=x*1024  → long account, 3, long account, long account",
    );
}

#[test]
fn windows_of_all_policies_share_the_events() {
    check(
        "window count by account, sliding 1h
         window count by account, sliding 1h
         window count by account, sliding 1h, without itself
         window sum of amount by account, day in UTC
         window count by account, day in UTC
         09:00  a  pay 1  → 1, 1, 0, 1.00, 1
         09:10  a  pay 2  → 2, 2, 1, 3.00, 2",
    );
}

#[test]
fn a_lane_without_windows_tells_nothing() {
    check("09:00  a  pay 1  →");
}
