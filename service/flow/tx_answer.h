/* Private to flow: whether the answer to a transaction says that it was carried out. */
#ifndef FLOW_TX_ANSWER_H
#define FLOW_TX_ANSWER_H

#include "medreview/flow/transport.h"

/* A success status is not enough: a proxy's log-in page has one too. The body must be a Bundle with an answer to each
 * of the `n` writes, and every answer a success (fhir.md 10.3). What is refused here may have been written all the
 * same: to read again tells, and then there is nothing left to write. MR_CONFLICT   a write met another version; MR_IO
 * anything else than success; MR_NOMEM */
mr_rc tx_answer_check(const mr_http_resp *resp, size_t n, mr_error *err) MR_MUST_CHECK;

#endif
