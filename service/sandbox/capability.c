/* What /metadata says: made from the same tables that requests are answered from, so that it stays honest. */
#include <stdlib.h>

#include "medreview/base/date.h"
#include "room.h"

static void interactions(json_t *into, const char *const *codes, size_t n) {
    for (size_t i = 0; i < n; i++) json_array_append_new(into, json_pack("{ss}", "code", codes[i]));
}

static const char *kind_name(mr_sb_kind kind) {
    switch (kind) {
    case MR_SB_TOKEN: return "token";
    case MR_SB_REFERENCE: return "reference";
    case MR_SB_DATE: return "date";
    case MR_SB_TEXT: return "uri";
    }
    return "special";
}

static json_t *describe(const mr_sandbox *s, const char *type) {
    static const char *const codes[] = {"read",   "vread",  "search-type",  "create",
                                        "update", "delete", "history-type", "history-instance"};
    json_t *o = json_pack("{ss s[] ss sb sb sb ss}", "type", type, "interaction", "versioning", "versioned-update",
                          "updateCreate", !s->quirks.no_update_create, "conditionalCreate", 1, "conditionalUpdate", 1,
                          "conditionalDelete", "single");
    json_t *includes = json_array(), *params = json_array();
    MR_REQUIRE(o != NULL && includes != NULL && params != NULL);
    interactions(json_object_get(o, "interaction"), codes, sizeof codes / sizeof *codes);
    const mr_sb_param *param;
    for (size_t i = 0; (param = mr_sb_param_at(type, i)) != NULL; i++) {
        json_array_append_new(params, json_pack("{ssss}", "name", param->name, "type", kind_name(param->kind)));
        if (param->kind == MR_SB_REFERENCE && !s->quirks.ignore_include)
            json_array_append_new(includes, json_sprintf("%s:%s", type, param->name));
    }
    if (json_array_size(includes) > 0) json_object_set(o, "searchInclude", includes);
    json_object_set_new(o, "searchParam", params);
    json_decref(includes);
    return o;
}

void mr_sb_capability(const mr_sandbox *s, int64_t now_ms, mr_buf *out) {
    static const char *const with_transaction[] = {"batch", "history-system", "transaction"};
    char at[MR_DATE_TEXT];
    json_t *resources = json_array(), *system = json_array();
    MR_REQUIRE(resources != NULL && system != NULL);
    for (size_t i = 0; i < mr_sb_type_count(); i++) json_array_append_new(resources, describe(s, mr_sb_type_names[i]));
    interactions(system, with_transaction, s->quirks.no_transaction ? 2 : 3);
    json_t *whole = json_pack("{ss ss ss ss s{ss} s{ssss} ss s[ss] s[{ss so so}]}", "resourceType",
                              "CapabilityStatement", "status", "active", "date", mr_instant_print_ms(now_ms, at),
                              "kind", "instance", "software", "name", "medreview sandbox", "implementation",
                              "description", "FHIR server in memory, for trying things out; not for real data", "url",
                              s->base, "fhirVersion", "4.0.1", "format", "application/fhir+json", "json", "rest",
                              "mode", "server", "resource", resources, "interaction", system);
    MR_REQUIRE(whole != NULL);
    char *text = json_dumps(whole, JSON_COMPACT);
    MR_REQUIRE(text != NULL);
    mr_buf_adds(out, text);
    free(text);
    json_decref(whole);
}
