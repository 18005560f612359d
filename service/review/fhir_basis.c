/* codec knows no terminology: it asks for the codes of a substance, and this answers. */
#include "medreview/review/fhir_basis.h"

static void take(const mr_span *from, size_t n, mr_span *to, size_t *ret_n) {
    for (size_t i = 0; i < n && i < MR_FHIR_CODES; i++) to[(*ret_n)++] = from[i];
}

static bool codes_of(const void *of, mr_span substance, mr_fhir_codes *ret) {
    mr_term_codes codes;
    if (!mr_terminology_codes(of, substance, &codes)) return false;
    ret->n_sct = ret->n_atc = 0;
    take(codes.sct, codes.n_sct, ret->sct, &ret->n_sct);
    take(codes.atc, codes.n_atc, ret->atc, &ret->n_atc);
    return true;
}

mr_fhir_knowledge mr_fhir_basis(const mr_ruleset *rules, const mr_terminology *t, mr_span base_uri) {
    return (mr_fhir_knowledge){.base_uri = base_uri, .rules = rules, .codes_of = codes_of, .of = t};
}
