/* How a store is opened. What it then does is said in flow/store.h. */
#ifndef MEDREVIEW_STORE_OPEN_H
#define MEDREVIEW_STORE_OPEN_H

#include "medreview/flow/clock.h"
#include "medreview/flow/store.h"

/* In memory, for tests and simulation: nothing survives the last close. `clock` (may be NULL, must outlive the store)
 * counts for leases and windows instead of the callers' now_ms, as a database's own clock would.
 *   MR_NOMEM */
mr_rc mr_store_memory_new(mr_clock *clock, mr_store **ret, mr_error *err);
/* One more handle on the same content, as a second replica has: its release_all() gives back its own leases only, and
 * closing it without that leaves them to lapse, as a crash would. Handles are used from one thread; the content goes
 * with the last of them. `s` comes from mr_store_memory_new or from here.
 *   MR_NOMEM */
mr_rc mr_store_memory_share(mr_store *s, mr_store **ret, mr_error *err);

/* The file at `path`, made with mode 0600 when there is none; PATH-wal and PATH-shm beside it (docs/store.md).
 *   MR_INVALID    not ours: another program's database, no database at all, or of a newer medreview; on a network
 *                 file system
 *   MR_BUSY       a running process has it open
 *   MR_IO         cannot be opened, made or read; torn or damaged; disk full. detail: errno or SQLite's extended code
 */
mr_rc mr_store_sqlite_open(const char *path, mr_store **ret, mr_error *err);

/* Whether mr_store_open knows what the URL means; opens and looks at nothing.
 *   MR_INVALID  as below */
mr_rc mr_store_url_check(const char *url, mr_error *err);

/* `sqlite:PATH` or `memory:`. `clock` as above; an sqlite: store has none of its own and ignores it.
 *   MR_INVALID  another scheme; postgresql:// comes with a later release and is refused by name
 *   else as the functions above */
mr_rc mr_store_open(const char *url, mr_clock *clock, mr_store **ret, mr_error *err);

#endif
