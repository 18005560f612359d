/* Patients from a folder, or made here, so that the benchmark runs on a machine that has nothing but this repository.
 */
#include "bench_patients.h"

#include "medreview/codec/json_out.h"
#include "medreview/sandbox/patients.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 64 << 20, PADDING = 64 };

static bool keep(bench_patients *p, mr_buf *text) {
    size_t len;
    char *bytes = mr_buf_take(text, &len); /* padded */
    mr_span *v = realloc(p->v, (p->n + 1) * sizeof *v);
    if (v) p->v = v;
    if (!v || !bytes) {
        free(bytes);
        return false;
    }
    p->v[p->n++] = (mr_span){bytes, len};
    p->bytes += len;
    return true;
}

void bench_patients_free(bench_patients *p) {
    for (size_t i = 0; i < p->n; i++) free((void *)(uintptr_t)p->v[i].ptr);
    free(p->v);
    *p = (bench_patients){0};
}

static int is_json(const struct dirent *entry) {
    return mr_span_ends(mr_span_of(entry->d_name), ".json");
}

static bool read_file(const char *path, mr_buf *out) {
    char block[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    while ((n = fread(block, 1, sizeof block, f)) > 0) mr_buf_add(out, block, n);
    bool ok = !ferror(f);
    (void)fclose(f); /* only read */
    return ok && out->rc == MR_OK && out->len;
}

mr_rc bench_patients_read(const char *folder, bench_patients *ret, mr_error *err) {
    struct dirent **entries = NULL;
    bench_patients p = {0};
    mr_rc rc = MR_OK;
    int n = scandir(folder, &entries, is_json, alphasort);
    for (int i = 0; i < n; i++) {
        char path[4096];
        mr_buf text;
        mr_buf_init(&text, FILE_MOST);
        int len = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        bool ok = len > 0 && (size_t)len < sizeof path && read_file(path, &text) && keep(&p, &text);
        if (!ok && rc == MR_OK) rc = mr_fail(err, MR_IO, "%s/%s cannot be read", folder, entries[i]->d_name);
        mr_buf_free(&text);
        free(entries[i]);
    }
    free(entries);
    if (rc == MR_OK && p.n == 0) rc = mr_fail(err, MR_INVALID, "%s holds no *.json", folder);
    if (rc != MR_OK)
        bench_patients_free(&p);
    else
        *ret = p;
    return rc;
}

/* --- made here ---------------------------------------------------------------------------------------------------- */

static void coding(mr_jw *w, const char *system, const char *code, const char *display) {
    mr_jw_array(w, "coding");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "system", system);
    mr_jw_z(w, "code", code);
    mr_jw_z(w, "display", display);
    mr_jw_end(w);
    mr_jw_end(w);
}

/* A result as a laboratory sends it: of no interest to most rules, to be read all the same. */
static void result(mr_jw *w, size_t patient, size_t number, mr_day today) {
    char text[64], date[MR_DATE_TEXT];
    mr_jw_object(w, NULL);
    (void)snprintf(text, sizeof text, "urn:uuid:00000000-0000-4000-8000-%06zx%06zx", patient & 0xffffff, number);
    mr_jw_z(w, "fullUrl", text);
    mr_jw_object(w, "resource");
    mr_jw_z(w, "resourceType", "Observation");
    (void)snprintf(text, sizeof text, "bench-%zu-%zu", patient, number);
    mr_jw_z(w, "id", text);
    mr_jw_object(w, "meta");
    mr_jw_array(w, "profile");
    mr_jw_z(w, NULL, "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation");
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_z(w, "status", "final");
    mr_jw_array(w, "category");
    mr_jw_object(w, NULL);
    coding(w, "http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory");
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_object(w, "code");
    coding(w, "http://snomed.info/sct", "1022431000000105", "Haemoglobin estimation");
    mr_jw_z(w, "text", "Haemoglobin estimation");
    mr_jw_end(w);
    mr_jw_object(w, "subject");
    (void)snprintf(text, sizeof text, "Patient/demo-p%02zu", patient + 1);
    mr_jw_z(w, "reference", text);
    mr_jw_end(w);
    mr_jw_z(w, "effectiveDateTime", mr_day_print(today - (mr_day)(7 * number + patient % 7), date));
    mr_jw_object(w, "valueQuantity");
    mr_jw_number(w, "value", 110.0 + (double)((patient * 7 + number * 13) % 400) / 10);
    mr_jw_z(w, "unit", "g/L");
    mr_jw_z(w, "system", "http://unitsofmeasure.org");
    mr_jw_z(w, "code", "g/L");
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_object(w, "request");
    mr_jw_z(w, "method", "PUT");
    (void)snprintf(text, sizeof text, "Observation/bench-%zu-%zu", patient, number);
    mr_jw_z(w, "url", text);
    mr_jw_end(w);
    mr_jw_end(w);
}

/* The sandbox's Bundle ends "]}": results go between. */
static bool pad(mr_buf *text, size_t bytes, size_t patient, mr_day today) {
    static const char tail[] = "]}";
    if (text->len < 2 || memcmp(text->ptr + text->len - 2, tail, 2) != 0) return false;
    text->len -= 2;
    for (size_t number = 1; text->len < bytes && text->rc == MR_OK; number++) {
        mr_jw w;
        mr_buf_addc(text, ',');
        mr_jw_begin(&w, text);
        result(&w, patient, number, today);
    }
    mr_buf_adds(text, tail);
    return text->rc == MR_OK;
}

mr_rc bench_patients_make(size_t n, size_t bytes, mr_day today, bench_patients *ret, mr_error *err) {
    bench_patients p = {0};
    for (size_t i = 0; i < n; i++) {
        mr_buf text;
        mr_buf_init(&text, FILE_MOST);
        mr_patients_bundle((unsigned)n, 42, today, (unsigned)i, &text);
        bool ok = text.rc == MR_OK && pad(&text, bytes, i, today) && keep(&p, &text);
        mr_buf_free(&text);
        if (!ok) {
            bench_patients_free(&p);
            return mr_fail(err, MR_NOMEM, "patient %zu could not be made", i);
        }
    }
    *ret = p;
    return MR_OK;
}
