/* A library to be preloaded: the n-th call of the system that changes or reads a file fails, or writes only half.
 *
 * fault_arm(n, error): from now on count; let call number n fail with this error (0: a short write, or nothing);
 * n = 0 counts only. fault_count(): how many calls there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>
#include <unistd.h>

static int at = -1, error_number, count;

int fault_arm(int n, int error) { at = n; error_number = error; count = 0; return 0; }
int fault_count(void) { return count; }

static int hit(void) { return at >= 0 && ++count == at; }
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

#define FAIL() do { if (hit() && error_number) { errno = error_number; return -1; } } while (0)
#define WRAP(name, arguments, given) \
    int name arguments { FAIL(); return ((int (*) arguments)real(#name)) given; }

WRAP(rename, (const char *a, const char *b), (a, b))
WRAP(renameat, (int c, const char *a, int d, const char *b), (c, a, d, b))
WRAP(unlink, (const char *a), (a))
WRAP(unlinkat, (int d, const char *a, int f), (d, a, f))
WRAP(mkdir, (const char *a, mode_t m), (a, m))
WRAP(mkdirat, (int d, const char *a, mode_t m), (d, a, m))
WRAP(rmdir, (const char *a), (a))
WRAP(fsync, (int d), (d))
WRAP(fchmod, (int d, mode_t m), (d, m))
WRAP(fchown, (int d, uid_t u, gid_t g), (d, u, g))
WRAP(ftruncate, (int d, off_t n), (d, n))
WRAP(ftruncate64, (int d, off_t n), (d, n))
WRAP(flock, (int d, int o), (d, o))

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        FAIL(); return ((int (*)(const char *, int, ...))real(#name))(path, flags, mode); }
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        FAIL(); return ((int (*)(int, const char *, int, ...))real(#name))(folder, path, flags, mode); }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int d, const void *data, size_t size) {
    ssize_t (*next)(int, const void *, size_t) = real("write");
    if (d > 2 && hit()) {
        if (error_number) { errno = error_number; return -1; }
        return next(d, data, size > 1 ? size / 2 : size);
    }
    return next(d, data, size);
}

ssize_t read(int d, void *data, size_t size) {
    ssize_t (*next)(int, void *, size_t) = real("read");
    if (d > 2 && hit()) {
        if (error_number) { errno = error_number; return -1; }
        return next(d, data, size > 1 ? size / 2 : size);
    }
    return next(d, data, size);
}
