/* Where a page link may lead: below the base that is configured, and nowhere else, since our token goes with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/flow/fhir_client.h"

static void test_a_link_leads_below_the_base_or_is_not_followed(void **state) {
    (void)state;
    static const char base[] = "https://fhir.example.org/r4";
    static const struct {
        const char *url;
        bool under;
    } rows[] = {
        {"https://fhir.example.org/r4", true},
        {"https://fhir.example.org/r4/Task?patient=p1&_count=200", true},
        {"https://fhir.example.org/r4?_getpages=1", true},
        {"https://fhir.example.org:443/r4/Task", true},
        {"HTTPS://fhir.example.org/r4/Task", false}, /* no server writes it so */
        {"https://FHIR.example.org/r4/Task", true},
        {"https://fhir.example.org/r4/Task?page=a..b", true}, /* a token may look like anything */
        {"https://fhir.example.org/r4/Task?page=%2e%2e", true},
        {"http://fhir.example.org/r4/Task", false},
        {"https://fhir.example.org:8443/r4/Task", false},
        {"https://fhir.example.org.evil.example/r4/Task", false},
        {"https://evil@fhir.example.org/r4/Task", false},
        {"https://fhir.example.org@evil.example/r4/Task", false},
        {"https://fhir.example.org/r4evil/Task", false},
        {"https://fhir.example.org/Task", false},
        {"https://fhir.example.org/r4/../admin", false},
        {"https://fhir.example.org/r4/%2e%2e/admin", false},
        {"https://fhir.example.org/r4/.%2E/admin", false},
        {"https://fhir.example.org/r4/%2E./admin", false},
        {"/r4/Task?page=2", false},
        {"//fhir.example.org/r4/Task", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (mr_url_under(mr_span_of(rows[i].url), base) != rows[i].under) fail_msg("%s", rows[i].url);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_link_leads_below_the_base_or_is_not_followed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
