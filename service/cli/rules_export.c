/* `medreview rules export`: the knowledge as FHIR, one file a resource, and one Bundle that a server takes whole.
 *
 * The folder is new or empty: a file of an earlier export that no rule stands for any more would otherwise look like
 * one that does. */
#include "rules_parts.h"

#include "medreview/codec/fhir_knowledge.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { RESOURCE_BYTES = 16 << 20, BUNDLE_BYTES = 256 << 20, PATH_BYTES = 4096 };

typedef struct exporter {
    const mr_fhir_knowledge *k;
    const char *dir;
    mr_jw bundle;
    mr_buf one;
    size_t n;
    mr_error *err;
} exporter;

static mr_rc write_file(exporter *x, const char *name, const mr_buf *text) {
    char path[PATH_BYTES];
    if (text->rc != MR_OK) return mr_buf_why(text, x->err);
    int n = snprintf(path, sizeof path, "%s/%s", x->dir, name);
    if (n < 0 || (size_t)n >= sizeof path) return mr_fail(x->err, MR_INVALID, "%s: the path is too long", x->dir);
    FILE *f = fopen(path, "wbx");
    if (!f) return mr_fail(x->err, MR_IO, "%s cannot be made", path);
    mr_span s = mr_buf_span(text);
    bool written = fwrite(s.ptr, 1, s.len, f) == s.len && fputc('\n', f) == '\n';
    if (fclose(f) != 0 || !written) return mr_fail(x->err, MR_IO, "%s cannot be written", path);
    return MR_OK;
}

/* x->one holds the resource: as a file, and as an entry that a server is to put under its id. */
static mr_rc emit(exporter *x, const char *type, mr_span id) {
    char name[200], text[400];
    mr_span base = x->k->base_uri;
    (void)snprintf(name, sizeof name, "%s-%.*s.json", type, MR_SPAN_ARG(id));
    mr_rc rc = write_file(x, name, &x->one);
    if (rc != MR_OK) return rc;
    mr_jw *w = &x->bundle;
    mr_jw_object(w, NULL);
    (void)snprintf(text, sizeof text, "%.*s/%s/%.*s", MR_SPAN_ARG(base), type, MR_SPAN_ARG(id));
    mr_jw_z(w, "fullUrl", text);
    mr_jw_raw(w, "resource", mr_buf_span(&x->one));
    mr_jw_object(w, "request");
    mr_jw_z(w, "method", "PUT");
    (void)snprintf(text, sizeof text, "%s/%.*s", type, MR_SPAN_ARG(id));
    mr_jw_z(w, "url", text);
    mr_jw_end(w);
    mr_jw_end(w);
    x->n++;
    mr_buf_clear(&x->one);
    return MR_OK;
}

static mr_rc export_profiles(exporter *x) {
    mr_fhir_profile p;
    mr_rc rc = MR_OK;
    char type[40];
    for (size_t i = 0; rc == MR_OK && mr_fhir_profile_at(NULL, i, &p); i++) {
        (void)snprintf(type, sizeof type, "%.*s", MR_SPAN_ARG(p.type));
        mr_fhir_profile_write(&p, x->k->base_uri, &x->one);
        rc = emit(x, type, p.id);
    }
    return rc;
}

static mr_rc export_groups(exporter *x) {
    mr_rc rc = MR_OK;
    char id[MR_FHIR_GROUP_ID];
    mr_jw w;
    for (size_t i = 0; rc == MR_OK && i < x->k->rules->n_groups; i++) {
        mr_jw_begin(&w, &x->one);
        mr_fhir_group_value_set(&w, NULL, x->k, &x->k->rules->groups[i]);
        mr_fhir_group_id(&x->k->rules->groups[i], id);
        rc = emit(x, "ValueSet", mr_span_of(id));
    }
    return rc;
}

static mr_rc export_rules(exporter *x) {
    mr_rc rc = MR_OK;
    mr_jw w;
    for (size_t i = 0; rc == MR_OK && i < x->k->rules->n_rules; i++) {
        mr_jw_begin(&w, &x->one);
        mr_fhir_plan_definition(&w, NULL, x->k, &x->k->rules->rules[i]);
        rc = emit(x, "PlanDefinition", x->k->rules->rules[i].id);
    }
    return rc;
}

static mr_rc empty_folder(const char *path, mr_error *err) {
    if (mkdir(path, 0777) == 0) return MR_OK;
    if (errno != EEXIST) return mr_fail(err, MR_IO, "%s cannot be made", path);
    DIR *d = opendir(path);
    if (!d) return mr_fail(err, MR_INVALID, "%s is no folder that can be read", path);
    bool empty = true;
    for (struct dirent *e; empty && (e = readdir(d));)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    (void)closedir(d);
    return empty ? MR_OK : mr_fail(err, MR_INVALID, "%s is not empty: name a new folder", path);
}

static mr_rc export_all(exporter *x, mr_buf *bundle) {
    mr_jw *w = &x->bundle;
    mr_jw_begin(w, bundle);
    mr_jw_object(w, NULL);
    mr_jw_z(w, "resourceType", "Bundle");
    mr_jw_z(w, "id", "medreview-knowledge");
    mr_jw_z(w, "type", "transaction");
    mr_jw_array(w, "entry");
    mr_rc rc = export_profiles(x);
    if (rc == MR_OK) rc = export_groups(x);
    if (rc == MR_OK) rc = export_rules(x);
    mr_jw_end(w);
    mr_jw_end(w);
    return rc == MR_OK ? write_file(x, "Bundle-medreview-knowledge.json", bundle) : rc;
}

mr_rc mr_rules_export(const mr_fhir_knowledge *k, const char *dir, size_t *ret_n, mr_error *err) {
    exporter x = {.k = k, .dir = dir, .err = err};
    mr_buf bundle;
    mr_rc rc = empty_folder(dir, err);
    if (rc != MR_OK) return rc;
    mr_buf_init(&bundle, BUNDLE_BYTES);
    mr_buf_init(&x.one, RESOURCE_BYTES);
    rc = export_all(&x, &bundle);
    mr_buf_free(&x.one);
    mr_buf_free(&bundle);
    if (rc == MR_OK) *ret_n = x.n;
    return rc;
}
