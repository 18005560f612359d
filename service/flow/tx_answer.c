/* The answer to a transaction, read before anybody believes it: "written" is said only of what a server said it wrote.
 * Nothing of the answer's own words goes on: only a status, as a number. */
#include "tx_answer.h"

#include "medreview/codec/json_view.h"

/* "201 Created" is 201; 0 when there is no such number. */
static int status_of(mr_json response) {
    mr_json v = mr_json_get(response, "status");
    mr_span text = mr_json_string(v);
    int64_t number = 0;
    uint64_t digits;
    if (mr_json_int(v, &number)) return number >= 100 && number <= 599 ? (int)number : 0;
    if (text.len < 3 || !mr_span_u64((mr_span){text.ptr, 3}, &digits)) return 0;
    return (int)digits;
}

static mr_rc entries_check(mr_json root, size_t n, mr_error *err) {
    size_t answers = 0;
    if (!mr_span_is(mr_json_string(mr_json_get(root, "resourceType")), "Bundle"))
        return mr_fail(err, MR_IO, "a success, but the answer to the transaction is no Bundle");
    for (mr_json_iter it = mr_json_begin(mr_json_get(root, "entry")); mr_json_next(&it); answers++) {
        int status = status_of(mr_json_get(it.value, "response"));
        if (status >= 200 && status < 300) continue;
        mr_rc rc = status == 409 || status == 412 ? MR_CONFLICT : MR_IO;
        return mr_fail_detail(err, rc, status, "a success, but one write in it was answered %d", status);
    }
    if (answers < n) return mr_fail(err, MR_IO, "%zu writes, but %zu answers to them", n, answers);
    return MR_OK;
}

mr_rc tx_answer_check(const mr_http_resp *resp, size_t n, mr_error *err) {
    mr_json root;
    mr_error not_json;
    if (!resp->body || !resp->len) return mr_fail(err, MR_IO, "a success, but no answer to the transaction in it");
    mr_json_doc *doc = mr_json_doc_new();
    if (!doc) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = mr_json_parse(doc, (mr_span){resp->body, resp->len}, true, &root, &not_json);
    if (rc == MR_OK)
        rc = entries_check(root, n, err);
    else if (rc == MR_NOMEM)
        rc = mr_fail(err, MR_NOMEM, "out of memory");
    else
        rc = mr_fail(err, MR_IO, "a success, but the answer to the transaction is not JSON");
    mr_json_doc_free(doc);
    return rc;
}
