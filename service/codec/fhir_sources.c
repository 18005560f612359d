/* Who owns what the rules restate, and what has to be said about it. docs/licences.md has the reasons. */
#include "medreview/codec/fhir_knowledge.h"

#define STOPP_START                                                                                                    \
    "Adapted from STOPP/START criteria version 3: O'Mahony D, et al. Eur Geriatr Med "                                 \
    "2023;14:625-632, https://doi.org/10.1007/s41999-023-00777-y, licensed under CC BY 4.0 "                           \
    "(https://creativecommons.org/licenses/by/4.0/). Changes were made: each criterion is restated as a condition on " \
    "a coded record; severity, urgency and action are ours."
#define STOPP_START_CITED                                                                                              \
    "O'Mahony D, et al. STOPP/START criteria for potentially inappropriate prescribing in "                            \
    "older people: version 3. Eur Geriatr Med 2023;14:625-632"
#define STOPP_START_URL "https://doi.org/10.1007/s41999-023-00777-y"
#define RESTATED                                                                                                       \
    " Only facts are restated here, in our own words; no text of it is copied. Severity, urgency and action are ours."
#define WORKING_LIST "Working list of the project, from published facts in our own words." RESTATED

static const mr_rule_source sources[] = {
    {"PINCER", "University of Nottingham, PRIMIS",
     "The definitions of the PINCER indicators belong to the University of Nottingham PRIMIS team; read from "
     "OpenSAFELY pincer-measures (code under the MIT licence)." RESTATED,
     "Fisher L, et al. BMJ Medicine 2023;2:e000392 (OpenSAFELY); Avery AJ, Rodgers S, et al. (PINCER)",
     "https://github.com/opensafely/pincer-measures"},
    {"GP-safety-indicators", "The authors of the publications that each rule cites",
     "Indicators published by Spencer R, et al. (Br J Gen Pract 2014;64:e181) and Khawagi WY, et al." RESTATED,
     "Spencer R, et al. Br J Gen Pract 2014;64:e181; Khawagi WY, et al. (mental-health indicators)", NULL},
    {"STOPP-v3", "O'Mahony D, et al.", STOPP_START, STOPP_START_CITED, STOPP_START_URL},
    {"START-v3", "O'Mahony D, et al.", STOPP_START, STOPP_START_CITED, STOPP_START_URL},
    {"AGS-Beers-2023", "American Geriatrics Society",
     "The AGS Beers Criteria are copyright and trademark of the American Geriatrics Society. Not endorsed by the AGS; "
     "ask the AGS before presenting a feature under that name." RESTATED,
     "American Geriatrics Society 2023 updated AGS Beers Criteria", NULL},
    {"anticholinergic-burden", "The authors of each scale",
     "Scores are facts out of published scales; each scale of the packs names its own." RESTATED,
     "Boustani 2008; Carnahan 2006; Rudolph 2008; Bishara 2017; Kiesel 2018", NULL},
    {"NHS-comparators", "NHS Business Services Authority",
     "Polypharmacy prescribing comparators of the NHSBSA; their specification is copyright NHSBSA." RESTATED,
     "NHS Business Services Authority, polypharmacy prescribing comparators", NULL},
    {"SMR-eligibility", "NHS England",
     "After guidance of NHS England on structured medication reviews, which is usually under the Open Government "
     "Licence v3.0." RESTATED,
     "NHS England, Network Contract DES: structured medication reviews and medicines optimisation, guidance", NULL},
    {"interactions", "none", WORKING_LIST, NULL, NULL},
    {"renal-dosing", "none", WORKING_LIST, NULL, NULL},
    {"duplicate-therapy", "none", WORKING_LIST, NULL, NULL},
    {"prescribing-cascades", "The authors of the publications that each rule cites",
     "Pairs of medicines are facts out of publications (ThinkCascades and others)." RESTATED,
     "McCarthy LM, et al. Drugs Aging 2022;39:829", NULL},
    {"monitoring-gaps", "none", WORKING_LIST, NULL, NULL},
    {"maximum-dose", "none", WORKING_LIST, NULL, NULL},
    {"deprescribing", "none", WORKING_LIST, NULL, NULL},
};

const mr_rule_source *mr_rule_source_of(mr_span tool) {
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (mr_span_is(tool, sources[i].tool)) return &sources[i];
    return NULL;
}
