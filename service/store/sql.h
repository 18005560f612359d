/* Every statement of the SQLite store; prepared at first use and kept. */
#ifndef MEDREVIEW_STORE_SQL_H
#define MEDREVIEW_STORE_SQL_H

#define MR_SQL_ROW                                                                                                     \
    "source,patient,wanted,done,token,claimed,state,backoff,attempt,first_ms,due_ms,bound_ms,"                         \
    "next_first_ms,next_due_ms,next_bound_ms,lease_until_ms,why,reason"
#define MR_SQL_ITEM "source,patient,priority,due,high,moderate,low,top,task,complete,reviewed_ms"
#define MR_SQL_STALE "source,patient,number,stamp,asked"
#define MR_SQL_OPEN "task<>'' AND priority<>''"
/* Every rank by name: so that the index on rank and due is entered at each, and only what is overdue is read. */
#define MR_SQL_OVERDUE MR_SQL_OPEN " AND rank IN (0,1,2,3) AND due>'' AND due<?1"

#define MR_SQL_MAP(X)                                                                                                  \
    X(MR_SQL_BEGIN, "BEGIN IMMEDIATE")                                                                                 \
    X(MR_SQL_COMMIT, "COMMIT")                                                                                         \
    X(MR_SQL_ROW_GET, "SELECT " MR_SQL_ROW " FROM queue WHERE source=?1 AND patient=?2")                               \
    X(MR_SQL_ROW_PUT,                                                                                                  \
      "INSERT INTO queue(" MR_SQL_ROW ",ready_ms)"                                                                     \
      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)"                                    \
      " ON CONFLICT DO UPDATE SET wanted=?3,done=?4,token=?5,claimed=?6,state=?7,backoff=?8,attempt=?9,first_ms=?10,"  \
      "due_ms=?11,bound_ms=?12,next_first_ms=?13,next_due_ms=?14,next_bound_ms=?15,lease_until_ms=?16,why=?17,"        \
      "reason=?18,ready_ms=?19")                                                                                       \
    X(MR_SQL_ROW_READY, "SELECT " MR_SQL_ROW " FROM queue WHERE source=?1 AND ready_ms<=?2"                            \
                        " ORDER BY ready_ms,patient LIMIT 1")                                                          \
    X(MR_SQL_SOURCE_AFTER,                                                                                             \
      "SELECT source FROM queue WHERE ready_ms IS NOT NULL AND source>?1 ORDER BY source LIMIT 1")                     \
    X(MR_SQL_SOURCE_NEXT_READY, "SELECT min(ready_ms) FROM queue WHERE source=?1 AND ready_ms IS NOT NULL")            \
    X(MR_SQL_LEASED, "SELECT " MR_SQL_ROW " FROM queue WHERE state=2 LIMIT 1")                                         \
    X(MR_SQL_LAPSED, "SELECT count(*),min(first_ms) FROM queue WHERE state=2 AND lease_until_ms<=?1")                  \
    X(MR_SQL_OLDEST, "SELECT min(first_ms) FROM queue WHERE state=1")                                                  \
    X(MR_SQL_COUNT_STATES, "SELECT state,count(*) FROM queue GROUP BY state")                                          \
    X(MR_SQL_JOBS, "SELECT " MR_SQL_ROW " FROM queue WHERE (source,patient)>(?1,?2) ORDER BY source,patient LIMIT ?3") \
    X(MR_SQL_JOBS_PARKED, "SELECT " MR_SQL_ROW " FROM queue WHERE state=3 AND (source,patient)>(?1,?2)"                \
                          " ORDER BY source,patient LIMIT ?3")                                                         \
    X(MR_SQL_HINT_GET, "SELECT number,attempt,retry_at_ms FROM hint WHERE source=?1 AND type=?2 AND id=?3")            \
    X(MR_SQL_HINT_PUT, "INSERT OR REPLACE INTO hint(source,type,id,attempt,retry_at_ms) VALUES(?1,?2,?3,?4,?5)")       \
    X(MR_SQL_HINT_DELAY, "UPDATE hint SET attempt=attempt+1,retry_at_ms=?4 WHERE source=?1 AND type=?2 AND id=?3")     \
    X(MR_SQL_HINT_DROP, "DELETE FROM hint WHERE number=?1")                                                            \
    X(MR_SQL_HINTS, "SELECT number,source,type,id,attempt FROM hint WHERE retry_at_ms<=?1"                             \
                    " ORDER BY retry_at_ms,number LIMIT ?2")                                                           \
    X(MR_SQL_HINT_NEXT, "SELECT min(retry_at_ms) FROM hint")                                                           \
    X(MR_SQL_HINT_COUNT, "SELECT count(*) FROM hint")                                                                  \
    X(MR_SQL_LEARN, "INSERT INTO belongs(source,reference,patient) VALUES(?1,?2,?3)"                                   \
                    " ON CONFLICT DO UPDATE SET patient=?3 WHERE patient<>?3")                                         \
    X(MR_SQL_PATIENT_OF, "SELECT patient FROM belongs WHERE source=?1 AND reference=?2")                               \
    X(MR_SQL_WROTE, "INSERT INTO written(source,type,id,version,at_ms) VALUES(?1,?2,?3,?4,?5)"                         \
                    " ON CONFLICT DO UPDATE SET at_ms=max(at_ms,?5)")                                                  \
    X(MR_SQL_FORGET, "DELETE FROM written WHERE (source,type,id,version) IN"                                           \
                     " (SELECT source,type,id,version FROM written WHERE at_ms<?1 ORDER BY at_ms LIMIT ?2)")           \
    X(MR_SQL_IS_OURS, "SELECT 1 FROM written WHERE source=?1 AND type=?2 AND id=?3 AND version=?4")                    \
    X(MR_SQL_WATERMARK, "SELECT instant FROM watermark WHERE source=?1 AND type=?2")                                   \
    X(MR_SQL_SET_WATERMARK, "INSERT OR REPLACE INTO watermark(source,type,instant) VALUES(?1,?2,?3)")                  \
    X(MR_SQL_ITEM_PUT, "INSERT OR REPLACE INTO work_item(" MR_SQL_ITEM ",rank)"                                        \
                       " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)")                                              \
    X(MR_SQL_ITEM_GET, "SELECT " MR_SQL_ITEM " FROM work_item WHERE source=?1 AND patient=?2")                         \
    X(MR_SQL_WORK_OVERDUE, "SELECT " MR_SQL_ITEM " FROM work_item WHERE " MR_SQL_OVERDUE                               \
                           " ORDER BY rank,due,source,patient LIMIT ?2 OFFSET ?3")                                     \
    X(MR_SQL_WORK_IN_TIME, "SELECT " MR_SQL_ITEM " FROM work_item WHERE " MR_SQL_OPEN " AND (due='' OR due>=?1)"       \
                           " ORDER BY rank,due,source,patient LIMIT ?2 OFFSET ?3")                                     \
    X(MR_SQL_COUNT_OVERDUE, "SELECT count(*) FROM work_item WHERE " MR_SQL_OVERDUE)                                    \
    X(MR_SQL_REVIEW_PUT, "INSERT INTO review(source,patient,json) VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET json=?3") \
    X(MR_SQL_REVIEW_GET, "SELECT json FROM review WHERE source=?1 AND patient=?2")                                     \
    X(MR_SQL_BASIS_PUT, "INSERT OR REPLACE INTO basis(source,patient,stamp,checked,changed,asked)"                     \
                        " VALUES(?1,?2,?3,?3,0,?4)")                                                                   \
    X(MR_SQL_STALE_BELOW, "SELECT " MR_SQL_STALE " FROM basis WHERE checked<?1 ORDER BY checked LIMIT ?2")             \
    X(MR_SQL_STALE_ABOVE, "SELECT " MR_SQL_STALE " FROM basis WHERE checked>?1 ORDER BY checked LIMIT ?2")             \
    X(MR_SQL_BASIS_SAME, "UPDATE basis SET stamp=?2,checked=?2,changed=0 WHERE number=?1")                             \
    X(MR_SQL_BASIS_CHANGED, "UPDATE basis SET checked=?2,changed=1 WHERE number=?1")                                   \
    X(MR_SQL_CHANGED_NEXT,                                                                                             \
      "SELECT source,patient FROM basis WHERE changed=1 AND source>='' ORDER BY source,patient LIMIT 1")               \
    X(MR_SQL_CHANGED_CLEAR, "UPDATE basis SET changed=0 WHERE source=?1 AND patient=?2")                               \
    X(MR_SQL_COUNT_BELOW, "SELECT count(*) FROM basis WHERE checked<?1")                                               \
    X(MR_SQL_COUNT_ABOVE, "SELECT count(*) FROM basis WHERE checked>?1")                                               \
    X(MR_SQL_COUNT_CHANGED, "SELECT count(*) FROM basis WHERE changed=1 AND source>=''")                               \
    X(MR_SQL_PROBE, "INSERT OR REPLACE INTO probe(one,at_ms) VALUES(1,?1)")

typedef enum mr_sql {
#define X(name, text) name,
    MR_SQL_MAP(X)
#undef X
        MR_SQL_COUNT
} mr_sql;

#endif
