/* The pack files of a directory, in the order of their names. */
#ifndef MEDREVIEW_KNOWLEDGE_FOLDER_H
#define MEDREVIEW_KNOWLEDGE_FOLDER_H

#include "medreview/knowledge/knowledge.h"

typedef struct mr_folder {
    mr_knowledge_file *files; /* names and bytes are owned */
    size_t n, cap;
} mr_folder;

/* Reads every *.yaml, *.yml and *.tsv of the directory itself; other files and folders in it are no packs.
 *   MR_IO      the directory or a file cannot be read
 *   MR_INVALID the directory holds no such file: most likely it is the wrong one
 *   MR_LIMIT   a file is larger than MR_MAX_PACK_BYTES
 *   MR_NOMEM   memory is short
 * On failure nothing is left to free. */
mr_rc mr_folder_read(const char *dir, mr_folder *ret, mr_error *err) MR_MUST_CHECK;
void mr_folder_free(mr_folder *f);

#endif
