/* One XML file of a release, streamed through expat into records.
 *
 * Only what the layout knows becomes a record; what it does not know is said once by its name. Nothing outside the file
 * is ever read: a document type declaration, and with it every entity, ends the reading. Depth, text, mark-up and the
 * number of records are bounded, so that a hostile file costs no more than a real one. */
#include "dmd_import_parts.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

typedef enum place { P_OUTSIDE, P_ROOT, P_SECTION, P_RECORD, P_FIELD } place;

typedef struct reading {
    XML_Parser parser;
    mr_dmd_collect *collect;
    mr_dmd_file file;
    const mr_dmd_layout *layout;
    place at;
    unsigned depth, skip;                /* skip: elements that are open within one that is passed over */
    const mr_dmd_record_layout *section; /* any record of the open section */
    const mr_dmd_record_layout *record;
    bool met[32]; /* sections, by record layout */
    unsigned line;
    int field;                                       /* MR_DMD_FIELDS_MOST: one that is not needed */
    char text[MR_DMD_FIELDS_MOST][MR_DMD_TEXT_MOST]; /* of the open record */
    mr_span values[MR_DMD_FIELDS_MOST];
    char trouble[160]; /* of the open record; "" none */
    size_t n_records;
    mr_error error; /* what ended the reading */
} reading;

static void stop(reading *r, mr_rc rc, const char *why) {
    if (!r->error.rc) (void)mr_fail(&r->error, rc, "%s", why);
    (void)XML_StopParser(r->parser, XML_FALSE);
}

static unsigned line_now(const reading *r) {
    return (unsigned)XML_GetCurrentLineNumber(r->parser);
}

static void trouble(reading *r, const char *fmt, const char *name) {
    if (r->trouble[0]) return;
    char shown[64];
    (void)snprintf(shown, sizeof shown, "%.60s", name);
    /* Formats are the three below; gcc wants to see them whole. */
    if (strcmp(fmt, "twice") == 0)
        (void)snprintf(r->trouble, sizeof r->trouble, "%s is given twice", shown);
    else if (strcmp(fmt, "long") == 0)
        (void)snprintf(r->trouble, sizeof r->trouble, "%s is longer than %d bytes", shown, MR_DMD_TEXT_MOST);
    else
        (void)snprintf(r->trouble, sizeof r->trouble, "%s", shown);
}

static void unknown(reading *r, const char *entity, const char *what, const char *name) {
    mr_error err;
    if (mr_dmd_unknown(r->collect, r->file, line_now(r), entity, what, name, &err) != MR_OK) stop(r, err.rc, err.text);
}

static const char *entity_now(const reading *r) {
    return r->record ? r->record->entity : r->section ? r->section->section : r->layout->root;
}

/* --- elements ------------------------------------------------------------------------------------------------- */

static void open_record(reading *r, const char *name) {
    const mr_dmd_record_layout *found = NULL;
    for (size_t i = 0; i < r->layout->n_records && !found; i++) {
        const mr_dmd_record_layout *l = &r->layout->records[i];
        bool here = r->section ? l == r->section : !l->section;
        if (here && strcmp(l->element, name) == 0) found = l;
    }
    if (!found) {
        unknown(r, entity_now(r), "element", name);
        r->skip = 1;
        return;
    }
    if (++r->n_records > MR_DMD_RECORDS_MOST) stop(r, MR_LIMIT, "more records than a release holds");
    r->record = found;
    r->line = line_now(r);
    r->trouble[0] = 0;
    memset(r->values, 0, sizeof r->values);
    r->met[found - r->layout->records] = true;
    r->at = P_RECORD;
    if (!found->fields) r->skip = 1; /* not kept: what is in it does not matter */
}

static void open_section(reading *r, const char *name) {
    for (size_t i = 0; i < r->layout->n_records; i++) {
        const mr_dmd_record_layout *l = &r->layout->records[i];
        if (!l->section || strcmp(l->section, name) != 0) continue;
        r->section = l;
        r->met[i] = true;
        r->at = P_SECTION;
        return;
    }
    if (!r->layout->records[0].section) {
        open_record(r, name);
        return;
    }
    unknown(r, r->layout->root, "section", name);
    r->skip = 1;
}

static void open_field(reading *r, const char *name) {
    for (int i = 0; i < r->record->n_fields; i++) {
        if (strcmp(r->record->fields[i].name, name) != 0) continue;
        if (r->values[i].ptr) trouble(r, "twice", name);
        r->values[i] = (mr_span){r->text[i], 0};
        r->field = i;
        r->at = P_FIELD;
        return;
    }
    unknown(r, r->record->entity, "element", name);
    r->skip = 1;
}

/* Records have no attributes, and the namespaces that stand on roots mean nothing to us. */
static void attributes(reading *r, const XML_Char **pairs) {
    if (r->at == P_OUTSIDE) return;
    for (size_t i = 0; pairs[i] && i < 2u * MR_DMD_FIELDS_MOST; i += 2)
        if (strncmp(pairs[i], "xmlns", 5) != 0) unknown(r, entity_now(r), "attribute", pairs[i]);
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **pairs) {
    reading *r = arg;
    if (++r->depth > MR_DMD_DEPTH_MOST) stop(r, MR_LIMIT, "elements nest deeper than any release's");
    if (r->error.rc) return;
    if (r->skip) {
        r->skip++;
        return;
    }
    attributes(r, pairs);
    switch (r->at) {
    case P_OUTSIDE:
        if (strcmp(name, r->layout->root) != 0)
            stop(r, MR_MALFORMED, "another root element than that kind of file has");
        r->at = P_ROOT;
        break;
    case P_ROOT: open_section(r, name); break;
    case P_SECTION: open_record(r, name); break;
    case P_RECORD: open_field(r, name); break;
    case P_FIELD:
        trouble(r, "", "an element stands within another that has text");
        r->skip = 1;
        break;
    }
}

static void close_record(reading *r) {
    mr_error err;
    mr_dmd_record record = {r->record, r->file, r->line, r->values, r->trouble[0] ? r->trouble : NULL};
    if (mr_dmd_collect_record(r->collect, &record, &err) != MR_OK) stop(r, err.rc, err.text);
    r->record = NULL;
    r->at = r->section ? P_SECTION : P_ROOT;
}

static void on_end(void *arg, const XML_Char *name) {
    reading *r = arg;
    (void)name;
    if (r->error.rc) return;
    r->depth--;
    if (r->skip && (--r->skip || r->at != P_RECORD || r->record->fields)) return;
    if (r->at == P_FIELD) {
        r->at = P_RECORD;
    } else if (r->at == P_RECORD) {
        close_record(r);
    } else if (r->at == P_SECTION) {
        r->section = NULL;
        r->at = P_ROOT;
    }
}

static void on_text(void *arg, const XML_Char *bytes, int n) {
    reading *r = arg;
    if (r->error.rc || r->skip) return;
    if (r->at != P_FIELD) {
        mr_span rest = mr_span_trim((mr_span){bytes, (size_t)n});
        if (rest.len && r->at == P_RECORD) trouble(r, "", "text stands between its elements");
        if (rest.len && r->at != P_RECORD) unknown(r, entity_now(r), "text", "between records");
        return;
    }
    mr_span *value = &r->values[r->field];
    if ((size_t)n > MR_DMD_TEXT_MOST - value->len) {
        trouble(r, "long", r->record->fields[r->field].name);
        return;
    }
    memcpy(r->text[r->field] + value->len, bytes, (size_t)n);
    value->len += (size_t)n;
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public_id,
                       int internal) {
    (void)name, (void)system, (void)public_id, (void)internal;
    stop(arg, MR_MALFORMED, "a document type declaration, which no release has");
}

/* --- the whole file --------------------------------------------------------------------------------------------- */

static mr_rc failed(const reading *r, mr_error *err) {
    unsigned line = line_now(r);
    mr_rc rc = r->error.rc;
    if (rc) return mr_fail(err, rc, "line %u: %s", line, r->error.text);
    enum XML_Error code = XML_GetErrorCode(r->parser);
    if (code == XML_ERROR_NO_MEMORY) return mr_fail(err, MR_NOMEM, "out of memory");
    return mr_fail(err, MR_MALFORMED, "line %u: no well-formed XML: %s", line, XML_ErrorString(code));
}

static mr_rc feed(reading *r, mr_dmd_read *read, void *read_arg, mr_error *err) {
    uint64_t fed = 0;
    for (bool more = true; more;) {
        void *room = XML_GetBuffer(r->parser, MR_DMD_CHUNK_BYTES);
        size_t n = 0;
        if (!room) return mr_fail(err, MR_NOMEM, "out of memory");
        mr_rc rc = read(read_arg, room, MR_DMD_CHUNK_BYTES, &n, err);
        if (rc != MR_OK) return rc;
        more = n > 0;
        fed += n;
        if (XML_ParseBuffer(r->parser, (int)n, !more) != XML_STATUS_OK) return failed(r, err);
        XML_Index done = XML_GetCurrentByteIndex(r->parser);
        if (more && (done < 0 ? fed : fed - (uint64_t)done) > MR_DMD_TOKEN_MOST)
            return mr_fail(err, MR_LIMIT, "line %u: one piece of mark-up is longer than a megabyte", line_now(r));
    }
    return MR_OK;
}

static mr_rc judge_sections(reading *r, mr_error *err) {
    for (size_t i = 0; i < r->layout->n_records; i++) {
        const mr_dmd_record_layout *l = &r->layout->records[i];
        mr_dmd_count *count = mr_dmd_collect_count(r->collect, r->file, l);
        if (r->met[i] || !l->section) continue;
        if (l->needed) return mr_fail(err, MR_MALFORMED, "the section %s is missing", l->section);
        count->missing = true;
        if (l->fields) /* of sections that are not kept the counts tell */
            mr_dmd_note(r->collect, r->collect->shown[r->file], l->entity, "the section %s is not there", l->section);
    }
    return MR_OK;
}

mr_rc mr_dmd_xml_read(mr_dmd_collect *c, mr_dmd_file file, mr_dmd_read *read, void *read_arg, mr_error *err) {
    reading *r = MR_NEW(c->work, reading);
    if (!r) return mr_dmd_no_room(c, err);
    *r = (reading){.collect = c, .file = file, .layout = &mr_dmd_layouts[file], .parser = XML_ParserCreate(NULL)};
    if (!r->parser) return mr_fail(err, MR_NOMEM, "out of memory");
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    mr_rc rc = feed(r, read, read_arg, err);
    if (rc == MR_OK) rc = judge_sections(r, err);
    XML_ParserFree(r->parser);
    return rc;
}
