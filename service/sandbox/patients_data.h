/* The tables behind the synthetic patients: products, conditions, results, and who has what. */
#ifndef MR_SANDBOX_PATIENTS_DATA_H
#define MR_SANDBOX_PATIENTS_DATA_H

#include "medreview/sandbox/patients.h"

enum { MR_DEMO_MAX_MEDS = 18, MR_DEMO_MAX_CONDITIONS = 5, MR_DEMO_MAX_RESULTS = 6 };

typedef enum mr_demo_product_id {
    MR_DEMO_NONE,
    MR_DEMO_NAPROXEN,
    MR_DEMO_IBUPROFEN,
    MR_DEMO_DICLOFENAC,
    MR_DEMO_OMEPRAZOLE,
    MR_DEMO_LANSOPRAZOLE,
    MR_DEMO_ASPIRIN,
    MR_DEMO_CLOPIDOGREL,
    MR_DEMO_TICAGRELOR,
    MR_DEMO_WARFARIN,
    MR_DEMO_APIXABAN,
    MR_DEMO_EDOXABAN,
    MR_DEMO_PROPRANOLOL,
    MR_DEMO_TIMOLOL_EYE,
    MR_DEMO_FORMOTEROL,
    MR_DEMO_SALMETEROL,
    MR_DEMO_SALBUTAMOL,
    MR_DEMO_BECLOMETASONE,
    MR_DEMO_TIOTROPIUM,
    MR_DEMO_RAMIPRIL,
    MR_DEMO_LOSARTAN,
    MR_DEMO_FUROSEMIDE,
    MR_DEMO_BENDROFLUMETHIAZIDE,
    MR_DEMO_METHOTREXATE,
    MR_DEMO_FOLIC_ACID,
    MR_DEMO_LITHIUM,
    MR_DEMO_AMIODARONE,
    MR_DEMO_AMLODIPINE,
    MR_DEMO_ATORVASTATIN,
    MR_DEMO_SIMVASTATIN,
    MR_DEMO_METFORMIN,
    MR_DEMO_GLICLAZIDE,
    MR_DEMO_BISOPROLOL,
    MR_DEMO_DIGOXIN,
    MR_DEMO_LEVOTHYROXINE,
    MR_DEMO_AMITRIPTYLINE,
    MR_DEMO_OXYBUTYNIN,
    MR_DEMO_SOLIFENACIN,
    MR_DEMO_MIRTAZAPINE,
    MR_DEMO_SERTRALINE,
    MR_DEMO_PARACETAMOL,
    MR_DEMO_CODEINE,
    MR_DEMO_CO_CODAMOL,
    MR_DEMO_ZOPICLONE,
    MR_DEMO_GABAPENTIN,
    MR_DEMO_TAMSULOSIN,
    MR_DEMO_ALLOPURINOL,
    MR_DEMO_PREDNISOLONE,
    MR_DEMO_ALENDRONIC_ACID,
    MR_DEMO_HYDROXYZINE,
    MR_DEMO_QUETIAPINE,
    MR_DEMO_DONEPEZIL,
    MR_DEMO_SENNA,
    MR_DEMO_UNCODED_HERBAL,
    MR_DEMO_UNCODED_HOSPITAL,
    MR_DEMO_DEGRADED,
    MR_DEMO_PRODUCT_COUNT
} mr_demo_product_id;

typedef struct mr_demo_product {
    const char *name; /* the dm+d name of the product; what the record shows as text */
    const char *vmp;  /* NULL: the substance is coded instead */
    const char *vtm;  /* NULL: none */
    const char *vtm_name;
    const char *dosage; /* what the label says */
    double dose;        /* each time, in `unit`; 0: not said in structured form */
    const char *unit;   /* UCUM */
    unsigned per_day;
} mr_demo_product;
extern const mr_demo_product mr_demo_products[MR_DEMO_PRODUCT_COUNT];

typedef enum mr_demo_form {
    MR_DEMO_ANY, /* one of the next five, by turns */
    MR_DEMO_CODED,
    MR_DEMO_DMD,
    MR_DEMO_SUBSTANCE,
    MR_DEMO_REFERENCED,
    MR_DEMO_CONTAINED,
    MR_DEMO_TEXT
} mr_demo_form;

typedef struct mr_demo_med {
    mr_demo_product_id product;
    unsigned months;    /* since it was started */
    const char *status; /* NULL: active */
    mr_demo_form form;
} mr_demo_med;

typedef enum mr_demo_condition_id {
    MR_DEMO_NO_CONDITION,
    MR_DEMO_PEPTIC_ULCER,
    MR_DEMO_GI_BLEED,
    MR_DEMO_ASTHMA,
    MR_DEMO_HEART_FAILURE,
    MR_DEMO_AF,
    MR_DEMO_HYPERTENSION,
    MR_DEMO_DIABETES,
    MR_DEMO_RHEUMATOID,
    MR_DEMO_OSTEOARTHRITIS,
    MR_DEMO_BIPOLAR,
    MR_DEMO_DEPRESSION,
    MR_DEMO_DEMENTIA,
    MR_DEMO_MI,
    MR_DEMO_STROKE,
    MR_DEMO_COPD,
    MR_DEMO_GOUT,
    MR_DEMO_BPH,
    MR_DEMO_OSTEOPOROSIS,
    MR_DEMO_INSOMNIA,
    MR_DEMO_CONDITION_COUNT
} mr_demo_condition_id;

typedef struct mr_demo_code {
    const char *code; /* SNOMED CT */
    const char *text; /* in our own words */
} mr_demo_code;
extern const mr_demo_code mr_demo_conditions[MR_DEMO_CONDITION_COUNT];

typedef struct mr_demo_condition {
    mr_demo_condition_id what;
    unsigned months; /* since it was recorded */
} mr_demo_condition;

typedef enum mr_demo_result_id {
    MR_DEMO_NO_RESULT,
    MR_DEMO_EGFR,
    MR_DEMO_CREATININE,
    MR_DEMO_POTASSIUM,
    MR_DEMO_SODIUM,
    MR_DEMO_HAEMOGLOBIN,
    MR_DEMO_ALT,
    MR_DEMO_TSH,
    MR_DEMO_LITHIUM_LEVEL,
    MR_DEMO_INR,
    MR_DEMO_RESULT_COUNT
} mr_demo_result_id;

typedef struct mr_demo_test {
    const char *code;  /* SNOMED CT */
    const char *text;  /* in our own words */
    const char *loinc; /* NULL: never sent so */
    const char *unit;  /* UCUM */
} mr_demo_test;
extern const mr_demo_test mr_demo_tests[MR_DEMO_RESULT_COUNT];

typedef struct mr_demo_result {
    mr_demo_result_id what;
    double value;
    unsigned months; /* ago */
} mr_demo_result;

typedef struct mr_demo_patient {
    unsigned age; /* full years today */
    bool female;
    bool year_only; /* the birth date is known to the year */
    mr_demo_med meds[MR_DEMO_MAX_MEDS];
    mr_demo_condition conditions[MR_DEMO_MAX_CONDITIONS];
    mr_demo_result results[MR_DEMO_MAX_RESULTS];
} mr_demo_patient;
extern const mr_demo_patient mr_demo_designed[MR_PATIENTS_DESIGNED];

/* The patient number i of this seed: designed, or drawn. */
mr_demo_patient mr_demo_patient_of(uint32_t seed, unsigned i);

#endif
