/* A disk that can fail: loaded in front of the C library, it records every change under one folder
 * and fails what it is told to.
 *
 * Every change is done and recorded under one lock, so the order of the recording is the order of
 * the changes. A flush is only recorded: what a power cut leaves is made from the recording, never
 * from this machine's disk. The control page is shared with the test, which reads how far the
 * recording is and arms faults while the program runs. Its layout is repeated in `control.rs`, and
 * that of the recording in `recording.rs`. Memory that is mapped is not seen; `-shm` files live in
 * it and survive no cut, so they are left out. Neither are descriptors that were duplicated, nor
 * names relative to an open folder; the server has none of these here. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, SYNC, WRITE, TRUNCATE, OPEN, WRITEBACK, DATASYNC, KINDS };
enum how { FAIL, SHORT };
enum entry {
    MADE = 1,
    WROTE,
    TRUNCATED,
    SYNCED,
    SYNC_FAILED,
    RENAMED,
    UNLINKED,
    MADE_FOLDER,
    REMOVED_FOLDER,
    FAILED
};

struct control {
    uint64_t position; /* entries recorded */
    uint64_t kind;     /* what fails */
    uint64_t at;       /* the first operation of the kind that fails, counted in `seen` */
    uint64_t error;    /* its errno */
    uint64_t how;      /* fails at once, or writes a half first */
    uint64_t forever;  /* whether all later ones fail, too */
    uint64_t fired;    /* faults so far */
    uint64_t room;     /* bytes by which files may still grow */
    uint64_t seen[KINDS];
    char name[64]; /* only files whose names end so are counted and fail */
};

#define FILES 65536
static struct file {
    uint64_t inode; /* 0: none of ours */
    int owes;       /* an error that its next flush tells */
    int is_folder;
    char name[64];
} files[FILES];

/* Inodes with writes that await a flush, each in the place of its number; a clash only hides one.
 */
static uint64_t dirty[1024];

static struct control *control;
static char root[PATH_MAX];
static size_t root_length;
static int recording = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("DISK_ROOT"), *page = getenv("DISK_CONTROL"),
               *into = getenv("DISK_RECORDING");
    if (!folder || !page || !into) return;
    snprintf(root, sizeof root, "%s/", folder);
    root_length = strlen(root);
    int fd = REAL(open)(page, O_RDWR | O_CLOEXEC);
    recording = REAL(open)(into, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0 || recording < 0) abort();
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (control == MAP_FAILED) abort();
    REAL(close)(fd);
}

/* A thread that dies with its program in the middle of an entry would leave a half of it, and the
 * next life's entries would be read as the other half. */
__attribute__((destructor)) static void end(void) {
    if (control) pthread_mutex_lock(&lock);
}

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && !strcmp(text + a - b, end);
}

/* A path under the folder, or the folder itself; NULL if it is nobody's business. */
static const char *ours(const char *path) {
    if (!control || !path || strncmp(path, root, root_length - 1)) return NULL;
    if (path[root_length - 1] == 0) return "";
    if (path[root_length - 1] != '/' || ends_with(path, "-shm")) return NULL;
    return path + root_length;
}

static struct file *file_of(int fd) {
    return control && fd >= 0 && fd < FILES && files[fd].inode ? &files[fd] : NULL;
}

/* Errors of the program's own calls are not touched by the recording. */
static void put(const void *bytes, size_t length) {
    int before = errno;
    for (const char *at = bytes; length;) {
        ssize_t wrote = REAL(write)(recording, at, length);
        if (wrote <= 0) abort();
        at += wrote, length -= (size_t)wrote;
    }
    errno = before;
}

static void record(enum entry entry, uint64_t inode, uint64_t number, const void *a,
                   size_t a_length, const void *b, size_t b_length) {
    uint64_t head[5] = {entry, inode, number, a_length, b_length};
    put(head, sizeof head);
    if (a_length) put(a, a_length);
    if (b_length) put(b, b_length);
    __atomic_add_fetch(&control->position, 1, __ATOMIC_SEQ_CST);
}

/* The armed error, if this operation is one that fails. */
static int fault(enum kind kind, const char *name) {
    if (!ends_with(name, control->name)) return 0;
    uint64_t seen = __atomic_add_fetch(&control->seen[kind], 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&control->kind, __ATOMIC_SEQ_CST) != kind || seen < control->at) return 0;
    if (control->fired && !control->forever &&
        !(control->how == SHORT && control->fired == 1 && control->error))
        return 0;
    uint64_t fired = __atomic_add_fetch(&control->fired, 1, __ATOMIC_SEQ_CST);
    record(FAILED, 0, kind, name, strlen(name), NULL, 0);
    return control->how == SHORT && fired == 1 ? -1 : (int)control->error;
}

/* As Linux does it: pages that could not be written count as clean, and every open description is
 * told once. */
static void lose(struct file *of, int error) {
    record(SYNC_FAILED, of->inode, 0, NULL, 0, NULL, 0);
    for (int fd = 0; fd < FILES; fd++)
        if (files[fd].inode == of->inode) files[fd].owes = error;
}

static void note_open(int fd, const char *path, int made, int flags) {
    struct stat stat;
    if (fd < 0 || fd >= FILES || fstat(fd, &stat)) return;
    struct file *file = &files[fd];
    memset(file, 0, sizeof *file);
    file->inode = stat.st_ino;
    file->is_folder = S_ISDIR(stat.st_mode);
    const char *name = strrchr(path, '/');
    snprintf(file->name, sizeof file->name, "%s", name ? name + 1 : path);
    if (made) record(MADE, stat.st_ino, 0, path, strlen(path), NULL, 0);
    else if (flags & O_TRUNC) record(TRUNCATED, stat.st_ino, 0, NULL, 0, NULL, 0);
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    const char *inside = ours(path);
    if (!inside) return REAL(openat)(at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int error = fault(OPEN, inside), fd = -1;
    if (error) {
        errno = error < 0 ? EIO : error;
    } else {
        struct stat before;
        int made = (flags & O_CREAT) && stat(path, &before);
        fd = REAL(openat)(at, path, flags, mode);
        note_open(fd, inside, made, flags);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPENED(at)                                                                                 \
    va_list rest;                                                                                  \
    va_start(rest, flags);                                                                         \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;                      \
    va_end(rest);                                                                                  \
    return opened(at, path, flags, mode)
int open(const char *path, int flags, ...) { OPENED(AT_FDCWD); }
int open64(const char *path, int flags, ...) { OPENED(AT_FDCWD); }
int openat(int at, const char *path, int flags, ...) { OPENED(at); }
int openat64(int at, const char *path, int flags, ...) { OPENED(at); }
int creat(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    if (!file_of(fd)) return REAL(close)(fd);
    pthread_mutex_lock(&lock);
    memset(&files[fd], 0, sizeof files[fd]);
    int closed = REAL(close)(fd);
    pthread_mutex_unlock(&lock);
    return closed;
}

/* How much of a write there is room for. A disk that is full still takes what was written before.
 */
static size_t room_for(int fd, off_t offset, size_t length) {
    struct stat stat;
    uint64_t end = (uint64_t)offset + length;
    if (control->room == UINT64_MAX || fstat(fd, &stat) || end <= (uint64_t)stat.st_size)
        return length;
    uint64_t grows = end - (uint64_t)stat.st_size,
             lacks = grows > control->room ? grows - control->room : 0;
    control->room -= grows - lacks;
    return lacks >= length ? 0 : length - lacks;
}

static ssize_t written(int fd, struct file *file, const void *bytes, size_t length, off_t offset) {
    int error = fault(WRITE, file->name);
    if (error > 0) return errno = error, -1;
    size_t fits = room_for(fd, offset, error < 0 ? (length + 1) / 2 : length);
    if (length && !fits) return errno = ENOSPC, -1;
    ssize_t wrote = REAL(pwrite64)(fd, bytes, fits, offset);
    if (wrote > 0) dirty[file->inode % 1024] = file->inode;
    if (wrote > 0) record(WROTE, file->inode, (uint64_t)offset, bytes, (size_t)wrote, NULL, 0);
    if ((error = fault(WRITEBACK, file->name)) > 0) lose(file, error);
    return wrote;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    struct file *file = file_of(fd);
    if (!file) return REAL(pwrite64)(fd, bytes, length, offset);
    pthread_mutex_lock(&lock);
    ssize_t wrote = written(fd, file, bytes, length, offset);
    pthread_mutex_unlock(&lock);
    return wrote;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return pwrite64(fd, bytes, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    struct file *file = file_of(fd);
    if (!file) return REAL(write)(fd, bytes, length);
    pthread_mutex_lock(&lock);
    int appends = fcntl(fd, F_GETFL) & O_APPEND;
    off_t offset = lseek(fd, 0, appends ? SEEK_END : SEEK_CUR);
    ssize_t wrote = written(fd, file, bytes, length, offset);
    if (wrote > 0) lseek(fd, offset + wrote, SEEK_SET);
    pthread_mutex_unlock(&lock);
    return wrote;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!file_of(fd)) return REAL(writev)(fd, parts, count);
    for (int part = 0; part < count; part++)
        if (parts[part].iov_len) return write(fd, parts[part].iov_base, parts[part].iov_len);
    return 0;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    if (!file_of(fd)) return REAL(pwritev64)(fd, parts, count, offset);
    for (int part = 0; part < count; part++)
        if (parts[part].iov_len)
            return pwrite64(fd, parts[part].iov_base, parts[part].iov_len, offset);
    return 0;
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return pwritev64(fd, parts, count, offset);
}

/* Those that copy inside the kernel do not do it here; callers then read and write. */
ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *to_at, size_t length,
                        unsigned flags) {
    if (file_of(to)) return errno = ENOSYS, -1;
    return REAL(copy_file_range)(from, at, to, to_at, length, flags);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t length);
ssize_t sendfile64(int to, int from, off64_t *at, size_t length) {
    if (file_of(to)) return errno = EINVAL, -1;
    return REAL(sendfile64)(to, from, at, length);
}
ssize_t sendfile(int to, int from, off_t *at, size_t length);
ssize_t sendfile(int to, int from, off_t *at, size_t length) {
    return sendfile64(to, from, at, length);
}

int ftruncate64(int fd, off64_t size) {
    struct file *file = file_of(fd);
    if (!file) return REAL(ftruncate64)(fd, size);
    pthread_mutex_lock(&lock);
    int error = fault(TRUNCATE, file->name), done = -1;
    if (error) errno = error < 0 ? EIO : error;
    else if (!(done = REAL(ftruncate64)(fd, size)))
        record(TRUNCATED, file->inode, (uint64_t)size, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* Nobody here needs room reserved; callers go on without. */
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    if (file_of(fd)) return errno = EOPNOTSUPP, -1;
    return REAL(fallocate64)(fd, mode, offset, length);
}
int fallocate(int fd, int mode, off_t offset, off_t length) {
    return fallocate64(fd, mode, offset, length);
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    if (file_of(fd)) return EINVAL;
    return REAL(posix_fallocate64)(fd, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) {
    return posix_fallocate64(fd, offset, length);
}

static int synced(int fd, int data_only, int (*otherwise)(int)) {
    struct file *file = file_of(fd);
    if (!file) return otherwise(fd);
    pthread_mutex_lock(&lock);
    int error = fault(SYNC, file->is_folder ? "/" : file->name);
    int had_work = dirty[file->inode % 1024] == file->inode;
    if (!error && data_only && had_work) error = fault(DATASYNC, file->name);
    if (had_work) dirty[file->inode % 1024] = 0;
    if (error < 0) error = EIO;
    if (error) lose(file, error);
    else if (file->owes) error = file->owes, record(SYNC_FAILED, file->inode, 1, NULL, 0, NULL, 0);
    else record(SYNCED, file->inode, 0, NULL, 0, NULL, 0);
    file->owes = 0;
    pthread_mutex_unlock(&lock);
    return error ? (errno = error, -1) : 0;
}
int fsync(int fd) { return synced(fd, 0, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, 1, REAL(fdatasync)); }

static int renamed(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    const char *old = ours(from), *new = ours(to);
    if (!old || !new) return REAL(renameat2)(from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    struct stat moved;
    int known = !stat(from, &moved), done = REAL(renameat2)(from_at, from, to_at, to, flags);
    if (known && !done) record(RENAMED, moved.st_ino, 0, old, strlen(old), new, strlen(new));
    pthread_mutex_unlock(&lock);
    return done;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) {
    return renamed(from_at, from, to_at, to, 0);
}
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    return renamed(from_at, from, to_at, to, flags);
}

static int removed(int at, const char *path, int flags) {
    const char *inside = ours(path);
    if (!inside) return REAL(unlinkat)(at, path, flags);
    pthread_mutex_lock(&lock);
    int done = REAL(unlinkat)(at, path, flags);
    if (!done)
        record(flags & AT_REMOVEDIR ? REMOVED_FOLDER : UNLINKED, 0, 0, inside, strlen(inside), NULL,
               0);
    pthread_mutex_unlock(&lock);
    return done;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdir(const char *path, mode_t mode) {
    const char *inside = ours(path);
    if (!inside) return REAL(mkdir)(path, mode);
    pthread_mutex_lock(&lock);
    struct stat stat_of;
    int done = REAL(mkdir)(path, mode);
    if (!done && !stat(path, &stat_of))
        record(MADE_FOLDER, stat_of.st_ino, 0, inside, strlen(inside), NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
