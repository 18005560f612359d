/* The daily dose of a product by its dosage: text, structure, strength; and of several entries together. */
#include "build.h"
#include "dosage_items.h"

#include <math.h>

typedef struct product {
    double strength;
    const char *unit;
    double per;
    const char *per_unit;
    mr_route route;
} product;

static const product tablet = {500, "mg", 0, "", MR_ROUTE_ORAL}, methotrexate = {2.5, "mg", 0, "", MR_ROUTE_ORAL},
                     liquid = {125, "mg", 5, "ml", MR_ROUTE_ORAL}, digoxin = {62.5, "microgram", 0, "", MR_ROUTE_ORAL},
                     inhaler = {100, "microgram", 1, "dose", MR_ROUTE_INHALED},
                     patch = {25, "microgram", 1, "hour", MR_ROUTE_TRANSDERMAL},
                     day_patch = {5, "mg", 24, "hour", MR_ROUTE_TRANSDERMAL},
                     night_patch = {15, "mg", 16, "hour", MR_ROUTE_TRANSDERMAL},
                     bare_patch = {25, "microgram", 0, "", MR_ROUTE_TRANSDERMAL},
                     insulin = {100, "unit", 1, "ml", MR_ROUTE_PARENTERAL}, cream = {1, "%", 0, "", MR_ROUTE_CUTANEOUS},
                     unknown_strength = {0, "", 0, "", MR_ROUTE_ORAL};

static mr_ingredient ingredient(const product *p) {
    return (mr_ingredient){.substance = MR_SPAN("x"),
                           .strength = p->strength,
                           .strength_unit = mr_span_of(p->unit),
                           .per = p->per,
                           .per_unit = mr_span_of(p->per_unit)};
}

static mr_dose dose_by(const product *p, mr_dosage d) {
    mr_ingredient i = ingredient(p);
    mr_entry e = {.dosage = &d, .n_dosage = 1};
    e.understood.ingredients = &i;
    e.understood.n_ingredients = 1;
    e.understood.route = p->route;
    return mr_entry_dose_of(&e, 0);
}

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-12 * fmax(1, fabs(a));
}

static void test_text_times_strength(void **state) {
    (void)state;
    const struct {
        const product *p;
        const char *text;
        double value, most, total, days, times;
        mr_dose_why why;
    } rows[] = {
        {&tablet, "one twice a day", 1000, 0, 1000, 1, 2, MR_DOSE_TOLD},
        {&tablet, "2 tablets tds", 3000, 0, 3000, 1, 3, MR_DOSE_TOLD},
        {&tablet, "half a tablet daily", 250, 0, 250, 1, 1, MR_DOSE_TOLD},
        {&tablet, "250mg bd", 500, 0, 500, 1, 2, MR_DOSE_TOLD},
        {&tablet, "5ml bd", 0, 0, 0, 1, 2, MR_DOSE_NO_STRENGTH},
        {&tablet, "one or two qds prn", 0, 4000, 0, 1, 4, MR_DOSE_AT_MOST},
        {&tablet, "two four times a day when required", 0, 4000, 0, 1, 4, MR_DOSE_AT_MOST},
        {&tablet, "as directed", 0, 0, 0, 0, 0, MR_DOSE_AS_DIRECTED},
        {&tablet, "once daily", 0, 0, 0, 1, 1, MR_DOSE_NO_AMOUNT},
        {&tablet, "one", 0, 0, 0, 0, 0, MR_DOSE_NO_TIMES},
        {&tablet, "one if you like", 0, 0, 0, 0, 0, MR_DOSE_NOT_UNDERSTOOD},
        {&tablet, "one as needed", 0, 0, 0, 0, 0, MR_DOSE_AS_NEEDED},
        {&tablet, "", 0, 0, 0, 0, 0, MR_DOSE_NOT_TOLD},
        {&methotrexate, "four tablets once a week", 10.0 / 7, 0, 10, 7, 1, MR_DOSE_TOLD},
        {&methotrexate, "10mg weekly", 10.0 / 7, 0, 10, 7, 1, MR_DOSE_TOLD},
        {&methotrexate, "one daily", 2.5, 0, 2.5, 1, 1, MR_DOSE_TOLD},
        {&liquid, "10ml at night", 250, 0, 250, 1, 1, MR_DOSE_TOLD},
        {&liquid, "one 5ml spoonful qds", 500, 0, 500, 1, 4, MR_DOSE_TOLD},
        {&liquid, "two daily", 0, 0, 0, 1, 1, MR_DOSE_NO_STRENGTH},
        {&liquid, "two spoons daily", 0, 0, 0, 1, 1, MR_DOSE_NO_STRENGTH},
        {&digoxin, "two each morning", 0.125, 0, 0.125, 1, 1, MR_DOSE_TOLD},
        {&digoxin, "125 micrograms daily", 0.125, 0, 0.125, 1, 1, MR_DOSE_TOLD},
        {&digoxin, "one on alternate days", 0.03125, 0, 0.0625, 2, 1, MR_DOSE_TOLD},
        {&inhaler, "two puffs twice a day", 0.4, 0, 0.4, 1, 2, MR_DOSE_TOLD},
        {&inhaler, "inhale one bd", 0.2, 0, 0.2, 1, 2, MR_DOSE_TOLD},
        {&inhaler, "one capsule bd", 0, 0, 0, 1, 2, MR_DOSE_NO_STRENGTH},
        {&patch, "apply one patch every 72 hours", 0.6, 0, 1.8, 3, 1, MR_DOSE_TOLD},
        {&patch, "apply one patch every 3 days", 0.6, 0, 1.8, 3, 1, MR_DOSE_TOLD},
        {&patch, "apply two every 72 hours", 1.2, 0, 3.6, 3, 1, MR_DOSE_TOLD},
        {&patch, "one patch weekly", 0.6, 0, 4.2, 7, 1, MR_DOSE_TOLD},
        {&patch, "one patch monthly", 0, 0, 0, 30.4375, 1, MR_DOSE_NO_STRENGTH},
        {&patch, "25 micrograms every 72 hours", 0, 0, 0, 3, 1, MR_DOSE_NO_STRENGTH},
        {&day_patch, "one patch daily", 5, 0, 5, 1, 1, MR_DOSE_TOLD},
        {&night_patch, "one patch daily", 0, 0, 0, 1, 1, MR_DOSE_NO_STRENGTH},
        {&bare_patch, "apply one every 72 hours", 0, 0, 0, 3, 1, MR_DOSE_NO_STRENGTH},
        {&insulin, "10 units twice a day", 20, 0, 20, 1, 2, MR_DOSE_TOLD},
        {&cream, "apply 30 grams daily", 0, 0, 0, 1, 1, MR_DOSE_NO_STRENGTH},
        {&unknown_strength, "one daily", 0, 0, 0, 1, 1, MR_DOSE_NO_STRENGTH},
        {&unknown_strength, "20mg daily", 20, 0, 20, 1, 1, MR_DOSE_TOLD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mr_dose d = dose_by(rows[i].p, (mr_dosage){.text = mr_span_of(rows[i].text)});
        if (d.known != (rows[i].value > 0) || !near(d.value, rows[i].value) || !near(d.most, rows[i].most) ||
            !near(d.total, rows[i].total) || !near(d.days, rows[i].days) || !near(d.times, rows[i].times) ||
            d.why != rows[i].why)
            fail_msg("row %zu \"%s\": %g (most %g), %g in %g days, %g times: %s", i, rows[i].text, d.value, d.most,
                     d.total, d.days, d.times, mr_dose_why_text(d.why));
        if (d.known || d.most > 0) assert_span(d.unit, rows[i].p == &insulin ? "unit" : "mg");
        if (d.why != MR_DOSE_TOLD) assert_true(mr_dose_why_text(d.why)[0]);
    }
}

/* A boundary of a rule must be met to the last bit, whatever the unit of the strength. */
static void test_a_dose_is_the_decimal_that_was_meant(void **state) {
    (void)state;
    mr_dose d = dose_by(&digoxin, (mr_dosage){.text = MR_SPAN("two daily")});
    assert_false(d.value > 0.125 || d.value < 0.125);
    product tenth = {0.1, "mg", 0, "", MR_ROUTE_ORAL};
    d = dose_by(&tenth, (mr_dosage){.text = MR_SPAN("three daily")});
    assert_false(d.value > 0.3 || d.value < 0.3);
}

static mr_dosage structure(const char *text, double dose, const char *unit, double frequency, double period,
                           const char *period_unit) {
    return (mr_dosage){.text = mr_span_of(text),
                       .dose = dose,
                       .dose_unit = mr_span_of(unit),
                       .frequency = frequency,
                       .period = period,
                       .period_unit = mr_span_of(period_unit)};
}

static void test_text_and_structure_together(void **state) {
    (void)state;
    const struct {
        mr_dosage d;
        double value, most;
        mr_dose_why why;
    } rows[] = {
        {structure("", 500, "mg", 2, 1, "d"), 1000, 0, MR_DOSE_TOLD},
        {structure("one twice a day", 500, "mg", 2, 1, "d"), 1000, 0, MR_DOSE_TOLD},
        {structure("one twice a day", 1, "tablet", 2, 1, "d"), 1000, 0, MR_DOSE_TOLD},
        {structure("one every 12 hours", 1, "tablet", 1, 12, "h"), 1000, 0, MR_DOSE_TOLD},
        {structure("two daily", 1, "tablet", 2, 1, "d"), 1000, 0, MR_DOSE_TOLD},
        {structure("once daily", 500, "mg", 5, 1, "d"), 0, 0, MR_DOSE_DISAGREES},
        {structure("one twice a day", 1000, "mg", 2, 1, "d"), 0, 0, MR_DOSE_DISAGREES},
        {structure("two once a day", 500, "mg", 2, 1, "d"), 0, 0, MR_DOSE_DISAGREES},
        {structure("one once a week", 500, "mg", 1, 1, "d"), 0, 0, MR_DOSE_DISAGREES},
        {structure("one tablet", 2, "tablet", 0, 0, ""), 0, 0, MR_DOSE_DISAGREES},
        /* one fills what the other lacks */
        {structure("twice a day", 500, "mg", 2, 1, "d"), 1000, 0, MR_DOSE_TOLD},
        {structure("twice a day", 500, "mg", 0, 0, ""), 1000, 0, MR_DOSE_TOLD},
        {structure("one tablet", 0, "", 3, 1, "d"), 1500, 0, MR_DOSE_TOLD},
        {structure("one twice a day", 0, "", 2, 1, "d"), 1000, 0, MR_DOSE_TOLD},
        {structure("one twice a day", 0, "", 3, 1, "d"), 0, 0, MR_DOSE_DISAGREES},
        /* at most */
        {structure("one or two twice a day", 500, "mg", 2, 1, "d"), 0, 2000, MR_DOSE_AT_MOST},
        {structure("one or two twice a day", 1500, "mg", 2, 1, "d"), 0, 0, MR_DOSE_DISAGREES},
        {structure("one up to twice a day", 500, "mg", 4, 1, "d"), 0, 0, MR_DOSE_DISAGREES},
        {structure("when required", 500, "mg", 4, 1, "d"), 0, 2000, MR_DOSE_AT_MOST},
        /* what is not understood does not speak against a whole structure, unless what can be read of it does */
        {structure("one twice a day, like before", 500, "mg", 2, 1, "d"), 1000, 0, MR_DOSE_TOLD},
        {structure("one four times a day, like before", 500, "mg", 2, 1, "d"), 0, 0, MR_DOSE_DISAGREES},
        {structure("one twice a day, then stop", 500, "mg", 2, 1, "d"), 0, 0, MR_DOSE_NOT_UNDERSTOOD},
        {structure("see letter", 500, "mg", 0, 0, ""), 0, 0, MR_DOSE_NOT_UNDERSTOOD},
        {structure("as directed", 500, "mg", 2, 1, "d"), 0, 0, MR_DOSE_AS_DIRECTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mr_dose d = dose_by(&tablet, rows[i].d);
        if (d.known != (rows[i].value > 0) || !near(d.value, rows[i].value) || !near(d.most, rows[i].most) ||
            d.why != rows[i].why)
            fail_msg("row %zu: %g (most %g): %s", i, d.value, d.most, mr_dose_why_text(d.why));
        if (d.why != MR_DOSE_DISAGREES) continue;
        assert_true(d.times <= 0 && d.days <= 0); /* neither of them is told */
    }
    mr_dosage range = structure("one twice a day", 0, "", 0, 0, "");
    range.open = true;
    assert_int_equal(dose_by(&tablet, range).why, MR_DOSE_DISAGREES);
    range.text = MR_SPAN("one or two twice a day");
    assert_int_equal(dose_by(&tablet, range).why, MR_DOSE_AT_MOST);
    mr_dosage prn = structure("one twice a day", 500, "mg", 2, 1, "d");
    prn.as_needed = true;
    mr_dose d = dose_by(&tablet, prn);
    assert_true(!d.known && near(d.most, 1000));
}

static void test_each_ingredient_has_its_own_dose(void **state) {
    (void)state;
    product codeine = {30, "mg", 0, "", MR_ROUTE_ORAL};
    mr_ingredient both[] = {ingredient(&codeine), ingredient(&tablet)};
    mr_dosage text = {.text = MR_SPAN("two four times a day")};
    mr_entry e = {.dosage = &text, .n_dosage = 1};
    e.understood = (mr_understood){.ingredients = both, .n_ingredients = 2, .route = MR_ROUTE_ORAL};
    assert_true(near(mr_entry_dose_of(&e, 0).value, 240));
    assert_true(near(mr_entry_dose_of(&e, 1).value, 4000));
    assert_int_equal(mr_entry_dose(&e).why, MR_DOSE_SEVERAL_INGREDIENTS);
    text.text = MR_SPAN("500mg daily"); /* of which? */
    assert_int_equal(mr_entry_dose_of(&e, 1).why, MR_DOSE_NO_STRENGTH);
    mr_dosage twice[] = {text, text};
    e.dosage = twice;
    e.n_dosage = 2;
    assert_int_equal(mr_entry_dose_of(&e, 1).why, MR_DOSE_SEVERAL_DOSAGES);
}

typedef struct part {
    mr_entry_kind kind;
    const char *product, *text;
    double strength;
} part;

static mr_dose together(const part *v, size_t n) {
    mr_item items[4] = {{0}};
    mr_entry entries[4] = {{0}};
    mr_ingredient ingredients[4];
    mr_dosage dosages[4];
    for (size_t i = 0; i < n; i++) {
        product p = {v[i].strength, "microgram", 0, "", MR_ROUTE_ORAL};
        ingredients[i] = ingredient(&p);
        dosages[i] = (mr_dosage){.text = mr_span_of(v[i].text)};
        entries[i] = (mr_entry){
            .kind = v[i].kind, .text = mr_span_of(v[i].product), .dosage = &dosages[i], .n_dosage = v[i].text ? 1 : 0};
        entries[i].understood =
            (mr_understood){.ingredients = &ingredients[i], .n_ingredients = 1, .route = MR_ROUTE_ORAL};
        items[i].entry = &entries[i];
        items[i].use.state = MR_MED_CURRENT;
    }
    return mr_items_dose(items, n, MR_SPAN("x"));
}

static void test_which_entries_add_up(void **state) {
    (void)state;
    const mr_entry_kind ST = MR_ENTRY_STATEMENT, RQ = MR_ENTRY_REQUEST;
    const struct {
        part parts[3];
        size_t n;
        double value, most, days, times;
        mr_dose_why why;
    } rows[] = {
        {{{ST, "25", "one daily", 25}, {ST, "100", "one daily", 100}}, 2, 0.125, 0, 1, 1, MR_DOSE_TOLD},
        {{{ST, "25", "one daily", 25}, {ST, "100", "two daily prn", 100}}, 2, 0, 0.225, 0, 0, MR_DOSE_AT_MOST},
        {{{ST, "25", "one daily", 25}, {ST, "100", "as directed", 100}}, 2, 0, 0, 0, 0, MR_DOSE_AS_DIRECTED},
        {{{ST, "25", "one daily", 25}, {ST, "100", "one bd", 100}}, 2, 0.225, 0, 1, 0, MR_DOSE_TOLD},
        {{{ST, "25", "one weekly", 25}, {ST, "100", "one weekly", 100}}, 2, 0.125 / 7, 0, 7, 1, MR_DOSE_TOLD},
        {{{ST, "25", "one daily", 25}, {ST, "25", "one daily", 25}}, 2, 0, 0.05, 1, 1, MR_DOSE_SEVERAL_ENTRIES},
        /* an order says again what its statement says */
        {{{ST, "25", "one daily", 25}, {RQ, "25", "one bd", 25}}, 2, 0.025, 0, 1, 1, MR_DOSE_TOLD},
        {{{ST, "25", NULL, 25}, {RQ, "25", "one bd", 25}}, 2, 0.05, 0, 1, 2, MR_DOSE_TOLD},
        {{{ST, "25", "like before", 25}, {RQ, "25", "one bd", 25}}, 2, 0, 0, 0, 0, MR_DOSE_NOT_UNDERSTOOD},
        {{{RQ, "25", "one bd", 25}, {RQ, "25", "1 bd", 25}}, 2, 0.05, 0, 1, 2, MR_DOSE_TOLD},
        {{{RQ, "25", "one bd", 25}, {RQ, "25", "1 od", 25}}, 2, 0, 0, 0, 0, MR_DOSE_SEVERAL_ENTRIES},
        /* two products in orders: beside each other, or one in place of the other? */
        {{{RQ, "25", "one bd", 25}, {RQ, "50", "1 od", 50}}, 2, 0, 0.1, 0, 0, MR_DOSE_SEVERAL_ENTRIES},
        {{{RQ, "25", NULL, 25}}, 1, 0, 0, 0, 0, MR_DOSE_NOT_TOLD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        part back[3];
        for (size_t k = 0; k < rows[i].n; k++) back[k] = rows[i].parts[rows[i].n - 1 - k];
        const part *orders[] = {rows[i].parts, back};
        for (size_t o = 0; o < 2; o++) {
            mr_dose d = together(orders[o], rows[i].n);
            bool same = d.known == (rows[i].value > 0) && d.why == rows[i].why && near(d.value, rows[i].value) &&
                        near(d.most, rows[i].most) && near(d.times, rows[i].times);
            if (rows[i].value > 0) same = same && near(d.days, rows[i].days) && near(d.total, d.value * d.days);
            if (!same)
                fail_msg("row %zu: %g, most %g, %g days, %g times: %s", i, d.value, d.most, d.days, d.times,
                         mr_dose_why_text(d.why));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_times_strength),         cmocka_unit_test(test_a_dose_is_the_decimal_that_was_meant),
        cmocka_unit_test(test_text_and_structure_together), cmocka_unit_test(test_each_ingredient_has_its_own_dose),
        cmocka_unit_test(test_which_entries_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
