/* Runs a fuzz target over the files of a folder (or over files), as an ordinary test does. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int one(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    uint8_t *bytes = malloc(1 << 24);
    size_t n = bytes ? fread(bytes, 1, 1 << 24, f) : 0;
    fclose(f);
    uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees one byte too many */
    if (bytes && exact) {
        memcpy(exact, bytes, n);
        LLVMFuzzerTestOneInput(exact, n);
    }
    free(bytes);
    free(exact);
    return 1;
}

int main(int argc, char **argv) {
    int files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (!folder) {
            files += one(argv[i]);
            continue;
        }
        for (struct dirent *e; (e = readdir(folder));) {
            char path[4096];
            if (e->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            files += one(path);
        }
        closedir(folder);
    }
    printf("%d inputs replayed\n", files);
    return files == 0; /* a corpus that is not there proves nothing */
}
