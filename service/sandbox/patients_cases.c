/* Who has what: the designed patients, one row each, and the recipe for the others.
 *
 * The number of a designed patient is its place here plus one: the first is demo-p01. Rules named in a comment are the
 * PINCER rules that the row is there for; "none" says that it is there to stay silent. */
#include "medreview/base/rand.h"
#include "patients_data.h"

#define MED(product, months)                                                                                           \
    { MR_DEMO_##product, months, NULL, MR_DEMO_ANY }
#define MED_AS(product, months, form)                                                                                  \
    { MR_DEMO_##product, months, NULL, MR_DEMO_##form }
#define MED_IS(product, months, status)                                                                                \
    { MR_DEMO_##product, months, status, MR_DEMO_ANY }
#define HAS(condition, months)                                                                                         \
    { MR_DEMO_##condition, months }
#define RESULT(test, value, months)                                                                                    \
    { MR_DEMO_##test, value, months }
#define KIDNEYS(egfr, months) RESULT(EGFR, egfr, months), RESULT(POTASSIUM, 4.4, months), RESULT(SODIUM, 139, months)

const mr_demo_patient mr_demo_designed[MR_PATIENTS_DESIGNED] = {
    /* p01: PIN-A */
    {71,
     true,
     false,
     {MED(NAPROXEN, 2), MED(PARACETAMOL, 30), MED(AMLODIPINE, 48)},
     {HAS(OSTEOARTHRITIS, 60), HAS(HYPERTENSION, 90)},
     {KIDNEYS(71, 3)}},
    /* p02: PIN-B, too young for A */
    {58, false, false, {MED(NAPROXEN, 4), MED(ATORVASTATIN, 40)}, {HAS(PEPTIC_ULCER, 70)}, {KIDNEYS(82, 5)}},
    /* p03: PIN-C */
    {62,
     false,
     false,
     {MED(ASPIRIN, 36), MED(ATORVASTATIN, 36), MED(BISOPROLOL, 36)},
     {HAS(GI_BLEED, 26), HAS(MI, 37)},
     {KIDNEYS(77, 6)}},
    /* p04: PIN-D, protected, so no A */
    {74,
     false,
     false,
     {MED(WARFARIN, 60), MED(IBUPROFEN, 1), MED(OMEPRAZOLE, 24)},
     {HAS(AF, 61)},
     {RESULT(INR, 2.6, 1), KIDNEYS(66, 4)}},
    /* p05: PIN-E */
    {69,
     true,
     false,
     {MED(APIXABAN, 14), MED(CLOPIDOGREL, 14), MED(ATORVASTATIN, 14)},
     {HAS(AF, 15), HAS(STROKE, 14)},
     {KIDNEYS(70, 2)}},
    /* p06: PIN-F */
    {66,
     false,
     false,
     {MED(ASPIRIN, 5), MED(TICAGRELOR, 5), MED(ATORVASTATIN, 5), MED(BISOPROLOL, 5)},
     {HAS(MI, 5)},
     {KIDNEYS(88, 5)}},
    /* p07: PIN-G */
    {34, true, false, {MED(PROPRANOLOL, 7), MED(SALBUTAMOL, 120), MED(BECLOMETASONE, 80)}, {HAS(ASTHMA, 200)}, {{0}}},
    /* p08: PIN-G by eye drops */
    {72,
     false,
     false,
     {MED(TIMOLOL_EYE, 30), MED(SALBUTAMOL, 60), MED(BECLOMETASONE, 60)},
     {HAS(ASTHMA, 300)},
     {KIDNEYS(74, 7)}},
    /* p09: PIN-H */
    {45, true, false, {MED(FORMOTEROL, 9), MED(SALBUTAMOL, 90)}, {HAS(ASTHMA, 150)}, {{0}}},
    /* p10: PIN-I */
    {60,
     true,
     false,
     {MED(IBUPROFEN, 2), MED(LOSARTAN, 40), MED(BISOPROLOL, 40), MED(OMEPRAZOLE, 12)},
     {HAS(HEART_FAILURE, 42)},
     {KIDNEYS(63, 2)}},
    /* p11: PIN-J and PIN-K */
    {63,
     false,
     false,
     {MED(NAPROXEN, 3), MED(RAMIPRIL, 50), MED(FUROSEMIDE, 20), MED(LANSOPRAZOLE, 20)},
     {HAS(HYPERTENSION, 120)},
     {KIDNEYS(38, 4)}},
    /* p12: PIN-K */
    {55,
     true,
     false,
     {MED(DICLOFENAC, 6), MED(OMEPRAZOLE, 6), MED(ALLOPURINOL, 30)},
     {HAS(GOUT, 31)},
     {KIDNEYS(41, 5), RESULT(CREATININE, 132, 5)}},
    /* p13: PIN-AC */
    {81,
     true,
     false,
     {MED(RAMIPRIL, 70), MED(FUROSEMIDE, 40), MED(ATORVASTATIN, 70)},
     {HAS(HYPERTENSION, 140)},
     {KIDNEYS(58, 20)}},
    /* p14: PIN-ME-FBC */
    {52,
     true,
     false,
     {MED(METHOTREXATE, 26), MED(FOLIC_ACID, 26)},
     {HAS(RHEUMATOID, 30)},
     {RESULT(ALT, 24, 1), RESULT(HAEMOGLOBIN, 128, 5), RESULT(EGFR, 90, 1)}},
    /* p15: PIN-ME-LFT */
    {57,
     false,
     false,
     {MED(METHOTREXATE, 40), MED(FOLIC_ACID, 40), MED(PREDNISOLONE, 3)},
     {HAS(RHEUMATOID, 48)},
     {RESULT(HAEMOGLOBIN, 139, 1), RESULT(ALT, 33, 7), RESULT(EGFR, 85, 1)}},
    /* p16: PIN-LI */
    {48,
     true,
     false,
     {MED(LITHIUM, 36), MED(QUETIAPINE, 12)},
     {HAS(BIPOLAR, 100)},
     {RESULT(LITHIUM_LEVEL, 0.7, 7), RESULT(TSH, 2.1, 7), RESULT(EGFR, 79, 7)}},
    /* p17: PIN-AM */
    {70,
     false,
     false,
     {MED(AMIODARONE, 24), MED(APIXABAN, 24)},
     {HAS(AF, 26)},
     {RESULT(TSH, 1.8, 9), RESULT(ALT, 30, 9), KIDNEYS(68, 5)}},
    /* p18: thirteen medicines, monitored: no PINCER rule */
    {82,
     true,
     false,
     {MED(AMLODIPINE, 90), MED(RAMIPRIL, 90), MED(FUROSEMIDE, 30), MED(BISOPROLOL, 50), MED(ATORVASTATIN, 90),
      MED(METFORMIN, 110), MED(GLICLAZIDE, 60), MED(OMEPRAZOLE, 60), MED(PARACETAMOL, 40), MED(CODEINE, 8),
      MED(SENNA, 8), MED(LEVOTHYROXINE, 150), MED(ALENDRONIC_ACID, 44)},
     {HAS(HYPERTENSION, 200), HAS(DIABETES, 112), HAS(HEART_FAILURE, 31), HAS(OSTEOPOROSIS, 45)},
     {KIDNEYS(52, 2), RESULT(TSH, 3.0, 2)}},
    /* p19: sixteen medicines and a high anticholinergic load */
    {79,
     false,
     false,
     {MED(AMITRIPTYLINE, 20), MED(SOLIFENACIN, 18), MED(MIRTAZAPINE, 10), MED(FUROSEMIDE, 40), MED(DIGOXIN, 44),
      MED(WARFARIN, 60), MED(BISOPROLOL, 60), MED(RAMIPRIL, 60), MED(SIMVASTATIN, 100), MED(METFORMIN, 80),
      MED(OMEPRAZOLE, 60), MED(PARACETAMOL, 30), MED(CODEINE, 30), MED(ZOPICLONE, 6), MED(SENNA, 30),
      MED(TAMSULOSIN, 50)},
     {HAS(AF, 62), HAS(DIABETES, 82), HAS(DEPRESSION, 12), HAS(BPH, 52), HAS(INSOMNIA, 7)},
     {KIDNEYS(49, 3), RESULT(INR, 2.4, 0)}},
    /* p20: anticholinergic load in dementia */
    {84,
     true,
     false,
     {MED(OXYBUTYNIN, 30), MED(AMITRIPTYLINE, 60), MED(HYDROXYZINE, 5), MED(QUETIAPINE, 4), MED(DONEPEZIL, 20),
      MED(FUROSEMIDE, 12)},
     {HAS(DEMENTIA, 22)},
     {KIDNEYS(60, 3)}},
    /* p21: ten medicines */
    {76,
     false,
     false,
     {MED(AMLODIPINE, 70), MED(LOSARTAN, 70), MED(ATORVASTATIN, 70), MED(METFORMIN, 60), MED(ALLOPURINOL, 50),
      MED(TAMSULOSIN, 30), MED(SERTRALINE, 20), MED(PARACETAMOL, 20), MED(LANSOPRAZOLE, 20), MED(TIOTROPIUM, 40)},
     {HAS(HYPERTENSION, 72), HAS(DIABETES, 61), HAS(GOUT, 51), HAS(COPD, 41)},
     {KIDNEYS(64, 5)}},
    /* p22: none, clean */
    {67, true, false, {MED(AMLODIPINE, 20), MED(ATORVASTATIN, 20)}, {HAS(HYPERTENSION, 21)}, {KIDNEYS(84, 4)}},
    /* p23: none, the NSAID is protected */
    {72, false, false, {MED(NAPROXEN, 9), MED(OMEPRAZOLE, 9)}, {HAS(OSTEOARTHRITIS, 80)}, {KIDNEYS(76, 4)}},
    /* p24: none, the NSAID was stopped */
    {75,
     true,
     false,
     {MED_IS(NAPROXEN, 14, "stopped"), MED(PARACETAMOL, 2)},
     {HAS(OSTEOARTHRITIS, 100)},
     {KIDNEYS(69, 6)}},
    /* p25: PIN-A if what cannot be recognised is no stomach protection */
    {73,
     false,
     false,
     {MED_AS(NAPROXEN, 3, TEXT), MED_AS(UNCODED_HERBAL, 5, TEXT)},
     {HAS(OSTEOARTHRITIS, 33)},
     {KIDNEYS(73, 8)}},
    /* p26: incomplete: a transfer lost a code, a hospital medicine has no name; PIN-F with that doubt */
    {68,
     true,
     false,
     {MED(ASPIRIN, 30), MED(CLOPIDOGREL, 8), MED_AS(DEGRADED, 30, CODED), MED_AS(UNCODED_HOSPITAL, 8, TEXT)},
     {HAS(MI, 30)},
     {KIDNEYS(80, 3)}},
    /* p27: none: planned and paused are not taken */
    {77,
     false,
     false,
     {MED_IS(NAPROXEN, 0, "intended"), MED_IS(WARFARIN, 30, "on-hold"), MED(BISOPROLOL, 30)},
     {HAS(AF, 31)},
     {KIDNEYS(67, 2)}},
    /* p28: PIN-A and PIN-D from text alone */
    {70,
     true,
     false,
     {MED_AS(NAPROXEN, 2, TEXT), MED_AS(EDOXABAN, 20, TEXT), MED_AS(AMLODIPINE, 30, TEXT)},
     {HAS(AF, 21)},
     {KIDNEYS(72, 4)}},
    /* p29: PIN-A cannot be decided: born in a year that may mean 64 or 65; no results */
    {65, false, true, {MED(IBUPROFEN, 4), MED(BENDROFLUMETHIAZIDE, 40)}, {HAS(HYPERTENSION, 41)}, {{0}}},
    /* p30: PIN-A, B, C, D, E, I, J, K together */
    {83,
     false,
     false,
     {MED(NAPROXEN, 3), MED(WARFARIN, 40), MED(ASPIRIN, 90), MED(RAMIPRIL, 80), MED(FUROSEMIDE, 40),
      MED(BISOPROLOL, 40), MED(ATORVASTATIN, 90)},
     {HAS(PEPTIC_ULCER, 120), HAS(HEART_FAILURE, 41), HAS(AF, 41)},
     {KIDNEYS(31, 4), RESULT(INR, 3.1, 1)}},
};

/* What everyday practice combines; a drawn patient has some of these. */
typedef struct bundle_of {
    mr_demo_condition_id condition;
    mr_demo_product_id products[3];
} bundle_of;

static const bundle_of everyday[] = {
    {MR_DEMO_HYPERTENSION, {MR_DEMO_AMLODIPINE, MR_DEMO_RAMIPRIL, MR_DEMO_ATORVASTATIN}},
    {MR_DEMO_DIABETES, {MR_DEMO_METFORMIN, MR_DEMO_GLICLAZIDE, MR_DEMO_NONE}},
    {MR_DEMO_OSTEOARTHRITIS, {MR_DEMO_PARACETAMOL, MR_DEMO_CO_CODAMOL, MR_DEMO_SENNA}},
    {MR_DEMO_DEPRESSION, {MR_DEMO_SERTRALINE, MR_DEMO_MIRTAZAPINE, MR_DEMO_NONE}},
    {MR_DEMO_COPD, {MR_DEMO_TIOTROPIUM, MR_DEMO_SALBUTAMOL, MR_DEMO_SALMETEROL}},
    {MR_DEMO_AF, {MR_DEMO_APIXABAN, MR_DEMO_BISOPROLOL, MR_DEMO_DIGOXIN}},
    {MR_DEMO_GOUT, {MR_DEMO_ALLOPURINOL, MR_DEMO_NONE, MR_DEMO_NONE}},
    {MR_DEMO_OSTEOPOROSIS, {MR_DEMO_ALENDRONIC_ACID, MR_DEMO_NONE, MR_DEMO_NONE}},
    {MR_DEMO_NO_CONDITION, {MR_DEMO_OMEPRAZOLE, MR_DEMO_LEVOTHYROXINE, MR_DEMO_GABAPENTIN}},
};
enum { N_EVERYDAY = sizeof everyday / sizeof *everyday, MAX_BUNDLES = 4 };

static void add_bundle(mr_demo_patient *p, const bundle_of *from, size_t *n_meds, size_t *n_conditions,
                       mr_rand *chance) {
    unsigned months = 6 + (unsigned)mr_rand_below(chance, 90);
    if (from->condition != MR_DEMO_NO_CONDITION)
        p->conditions[(*n_conditions)++] = (mr_demo_condition){from->condition, months + 1};
    for (size_t i = 0; i < 3; i++) {
        bool takes = from->products[i] != MR_DEMO_NONE && (i == 0 || mr_rand_below(chance, 3) > 0);
        if (takes) p->meds[(*n_meds)++] = (mr_demo_med){from->products[i], months, NULL, MR_DEMO_ANY};
    }
}

static mr_demo_patient drawn(uint32_t seed, unsigned i) {
    mr_rand chance;
    mr_demo_patient p = {0};
    size_t n_meds = 0, n_conditions = 0;
    mr_rand_seed(&chance, (uint64_t)seed << 32 | i);
    p.age = 50 + (unsigned)mr_rand_below(&chance, 42);
    p.female = mr_rand_below(&chance, 2) == 0;
    size_t first = (size_t)mr_rand_below(&chance, N_EVERYDAY), n = 1 + (size_t)mr_rand_below(&chance, MAX_BUNDLES);
    for (size_t k = 0; k < n; k++) /* neighbours on a ring: never the same twice */
        add_bundle(&p, &everyday[(first + k) % N_EVERYDAY], &n_meds, &n_conditions, &chance);
    unsigned months = (unsigned)mr_rand_below(&chance, 12);
    double egfr = 48 + (double)mr_rand_below(&chance, 45);
    p.results[0] = (mr_demo_result){MR_DEMO_EGFR, egfr, months};
    p.results[1] = (mr_demo_result){MR_DEMO_POTASSIUM, (double)(38 + mr_rand_below(&chance, 13)) / 10, months};
    return p;
}

mr_demo_patient mr_demo_patient_of(uint32_t seed, unsigned i) {
    return i < MR_PATIENTS_DESIGNED ? mr_demo_designed[i] : drawn(seed, i);
}
