/* Makes the record's disk fail on demand, for a whole `consentry serve`: loaded before libc (LD_PRELOAD). The file that
   CONSENTRY_TEST_FAULT names holds an errno, "slow" for 100 ms a sync, or "hang" for syncs that do not end before it
   holds something else; empty: all is well. Only files of the audit folder are touched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int on_record(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return strstr(path, "/audit/") != NULL;
}

/* -1: slow; -2: hangs; 0: no fault; else an errno. */
static int fault(int fd) {
    if (!on_record(fd)) return 0;
    const char *name = getenv("CONSENTRY_TEST_FAULT");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    char word[16] = "";
    ssize_t n = read(file, word, sizeof word - 1);
    close(file);
    if (n <= 0) return 0;
    if (strncmp(word, "hang", 4) == 0) return -2;
    return strncmp(word, "slow", 4) == 0 ? -1 : atoi(word);
}

static int fails(int fd, int syncs) {
    int what = fault(fd);
    if (what == -1 && syncs) usleep(100000);
    while (what == -2 && syncs) {
        usleep(10000);
        what = fault(fd);
    }
    if (what <= 0) return 0;
    errno = what;
    return 1;
}

ssize_t write(int fd, const void *bytes, size_t n) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    return fails(fd, 0) ? -1 : real(fd, bytes, n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    return fails(fd, 1) ? -1 : real(fd, bytes, n, at);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    return fails(fd, 1) ? -1 : real(fd);
}
