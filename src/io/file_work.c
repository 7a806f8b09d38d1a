/* SPDX-License-Identifier: Apache-2.0 */
/* file_work.c: what is done with files, on threads that may block. */
#include "file_op.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE_MODE 0666
#define NEW_DIR_MODE 0777
#define TRIES 100

static void check(struct kri_file_op *op, bool done)
{
        if (!done)
                op->err = errno != 0 ? errno : EIO;
}

/* -- opening -- */

static int flags_of(unsigned modes)
{
        bool writes = (modes & (KR_FILE_WRITE | KR_FILE_APPEND)) != 0,
             reads = (modes & KR_FILE_READ) != 0 || !writes;
        int flags = writes && reads ? O_RDWR : writes ? O_WRONLY : O_RDONLY;

        if (writes)
                flags |= O_CREAT;
        if (writes && !reads && !(modes & (KR_FILE_APPEND | KR_FILE_KEEP)))
                flags |= O_TRUNC;
        if (modes & KR_FILE_APPEND)
                flags |= O_APPEND;
        if (modes & KR_FILE_EXCLUSIVE)
                flags |= O_EXCL;
        if (modes & KR_FILE_SYNC)
                flags |= O_SYNC;
        return flags | O_NOCTTY | O_CLOEXEC; /* a terminal does not become ours */
}

void kri_file_do_open(struct kri_file_op *op)
{
        op->fd = open(op->path, flags_of(op->modes), NEW_FILE_MODE);
        check(op, op->fd >= 0);
}

void kri_file_do_close(struct kri_file_op *op)
{
        check(op, close(op->fd) == 0);
}

/* -- bytes -- */

static ssize_t read_some(const struct kri_file_op *op, int fd, char *to, size_t len,
                         uint64_t at)
{
        ssize_t n;

        do {
                n = op->has_at ? pread(fd, to, len, (off_t)at) : read(fd, to, len);
        } while (n < 0 && errno == EINTR);
        return n;
}

void kri_file_do_read(struct kri_file_op *op)
{
        ssize_t n = read_some(op, op->fd, op->data, op->len, op->at);

        check(op, n >= 0);
        op->len = n >= 0 ? (size_t)n : 0;
}

static bool write_all(int fd, const char *data, size_t len, bool has_at, uint64_t at)
{
        size_t done = 0;

        while (done < len) {
                ssize_t n =
                        has_at ? pwrite(fd, data + done, len - done, (off_t)(at + done))
                               : write(fd, data + done, len - done);

                if (n < 0 && errno != EINTR)
                        return false;
                if (n > 0)
                        done += (size_t)n;
        }
        return true;
}

void kri_file_do_write(struct kri_file_op *op)
{
        check(op, write_all(op->fd, op->data, op->len, op->has_at, op->at));
}

void kri_file_do_position(struct kri_file_op *op)
{
        static const int whence[] = { SEEK_SET, SEEK_CUR, SEEK_END };
        off_t at = lseek(op->fd, (off_t)op->offset, whence[op->modes]);

        check(op, at >= 0);
        op->at = at >= 0 ? (uint64_t)at : 0;
}

void kri_file_do_truncate(struct kri_file_op *op)
{
        off_t at = lseek(op->fd, 0, SEEK_CUR);

        check(op, at >= 0 && ftruncate(op->fd, at) == 0);
}

void kri_file_do_sync(struct kri_file_op *op)
{
        check(op, (op->modes == KR_FILE_KEEP ? fdatasync(op->fd) : fsync(op->fd)) == 0);
}

/* -- what is known of it -- */

static kr_file_type type_of(mode_t mode)
{
        if (S_ISREG(mode))
                return KR_FILE_REGULAR;
        if (S_ISDIR(mode))
                return KR_FILE_DIRECTORY;
        if (S_ISLNK(mode))
                return KR_FILE_SYMLINK;
        return S_ISCHR(mode) || S_ISBLK(mode) ? KR_FILE_DEVICE : KR_FILE_OTHER;
}

static int64_t ns_of(struct timespec t)
{
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void take_stat(struct kri_file_op *op, const struct stat *from, bool done)
{
        check(op, done);
        if (!done)
                return;
        op->info = (kr_file_info){ .type = type_of(from->st_mode),
                                   .size = (uint64_t)from->st_size,
                                   .mode = from->st_mode & 07777,
                                   .links = (uint32_t)from->st_nlink,
                                   .uid = from->st_uid,
                                   .gid = from->st_gid,
                                   .inode = from->st_ino,
                                   .device = from->st_dev,
                                   .atime_ns = ns_of(from->st_atim),
                                   .mtime_ns = ns_of(from->st_mtim),
                                   .ctime_ns = ns_of(from->st_ctim) };
}

void kri_file_do_stat_open(struct kri_file_op *op)
{
        struct stat about;

        take_stat(op, &about, fstat(op->fd, &about) == 0);
}

void kri_file_do_stat(struct kri_file_op *op)
{
        struct stat about;

        take_stat(op, &about, stat(op->path, &about) == 0);
}

void kri_file_do_lstat(struct kri_file_op *op)
{
        struct stat about;

        take_stat(op, &about, lstat(op->path, &about) == 0);
}

/* -- folders -- */

static bool add_name(struct kri_file_op *op, size_t *cap, const char *name)
{
        size_t len = strlen(name) + 1;

        if (op->len + len > *cap) {
                size_t more = (*cap + len) * 2;
                char *found = realloc(op->found, more);

                if (found == NULL)
                        return false;
                op->found = found;
                *cap = more;
        }
        memcpy(op->found + op->len, name, len);
        op->len += len;
        return true;
}

static bool is_dots(const char *name)
{
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void kri_file_do_list(struct kri_file_op *op)
{
        DIR *dir = opendir(op->path);
        struct dirent *entry;
        size_t cap = 0;

        check(op, dir != NULL);
        if (dir == NULL)
                return;
        errno = 0;
        while ((entry = readdir(dir)) != NULL)
                if (!is_dots(entry->d_name) && !add_name(op, &cap, entry->d_name)) {
                        errno = ENOMEM;
                        break;
                }
        op->err = errno;
        (void)closedir(dir); /* only read */
}

void kri_file_do_rename(struct kri_file_op *op)
{
        check(op, rename(op->path, op->to) == 0);
}

/* unlink(2) says EPERM of a folder on some systems, EISDIR on others. */
void kri_file_do_delete(struct kri_file_op *op)
{
        check(op, unlink(op->path) == 0);
}

void kri_file_do_make_dir(struct kri_file_op *op)
{
        check(op, mkdir(op->path, NEW_DIR_MODE) == 0);
}

void kri_file_do_del_dir(struct kri_file_op *op)
{
        check(op, rmdir(op->path) == 0);
}

/* -- whole files -- */

/* Room for one byte more than is there shows that there is an end. */
static bool grow(struct kri_file_op *op, size_t *cap)
{
        size_t more = *cap * 2;
        char *found;

        if (op->len < *cap)
                return true;
        if (more > op->at + 1)
                more = op->at + 1;
        found = more > *cap ? realloc(op->found, more) : NULL;
        if (found == NULL) {
                errno = more > *cap ? ENOMEM : EFBIG;
                return false;
        }
        op->found = found;
        *cap = more;
        return true;
}

static bool read_to_end(struct kri_file_op *op, int fd, size_t cap)
{
        ssize_t n = 1;

        op->len = 0;
        if (cap > op->at + 1)
                cap = op->at + 1;
        op->found = malloc(cap);
        if (op->found == NULL) {
                errno = ENOMEM;
                return false;
        }
        while (n > 0) {
                if (!grow(op, &cap))
                        return false;
                n = read_some(op, fd, op->found + op->len, cap - op->len, 0);
                if (n > 0)
                        op->len += (size_t)n;
        }
        if (op->len > op->at) {
                errno = EFBIG;
                return false;
        }
        return n == 0;
}

void kri_file_do_read_all(struct kri_file_op *op)
{
        int fd = open(op->path, O_RDONLY | O_CLOEXEC);
        struct stat about;
        size_t cap = 4096;

        check(op, fd >= 0);
        if (fd < 0)
                return;
        if (fstat(fd, &about) == 0 && about.st_size > 0 &&
            (uint64_t)about.st_size < op->at)
                cap = (size_t)about.st_size + 1;
        check(op, read_to_end(op, fd, cap));
        (void)close(fd); /* only read */
}

/* A new file beside it, of a name that nobody else has. */
static int open_beside(const char *path, char *name, size_t size)
{
        static _Atomic unsigned count;
        int fd = -1;

        for (int i = 0; i < TRIES && fd < 0; i++) {
                (void)snprintf(name, size, "%s.%ld-%u~", path, (long)getpid(), count++);
                fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, NEW_FILE_MODE);
                if (fd < 0 && errno != EEXIST)
                        break;
        }
        return fd;
}

static bool keep_mode(int fd, const char *path)
{
        struct stat about;

        return stat(path, &about) != 0 || fchmod(fd, about.st_mode & 07777) == 0;
}

static void replace_all(struct kri_file_op *op, const char *path)
{
        char name[4200];
        int fd, first;
        bool done;

        if (strlen(path) + 64 > sizeof(name)) {
                op->err = ENAMETOOLONG;
                return;
        }
        fd = open_beside(path, name, sizeof(name));
        check(op, fd >= 0);
        if (fd < 0)
                return;
        done = keep_mode(fd, path) && write_all(fd, op->data, op->len, false, 0);
        first = errno;
        if (close(fd) != 0 && done) {
                first = errno;
                done = false;
        }
        if (done && rename(name, path) == 0)
                return;
        op->err = done ? errno : first;
        (void)unlink(name); /* it is no use to anybody */
}

/* A device, a pipe. */
static void write_into(struct kri_file_op *op)
{
        int fd = open(op->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

        check(op, fd >= 0);
        if (fd < 0)
                return;
        check(op, write_all(fd, op->data, op->len, false, 0));
        (void)close(fd); /* what it has taken it has */
}

/* What a symbolic link leads to: the link stays one. A file that is not there yet is made first, for
 * only what is there has a path. */
static void replace_target(struct kri_file_op *op)
{
        char *real = realpath(op->path, NULL);
        bool made = false;
        int fd;

        if (real == NULL && errno == ENOENT) {
                fd = open(op->path, O_WRONLY | O_CREAT | O_CLOEXEC, NEW_FILE_MODE);
                made = fd >= 0 && close(fd) == 0;
                if (made)
                        real = realpath(op->path, NULL);
        }
        check(op, real != NULL);
        if (real == NULL)
                return;
        replace_all(op, real);
        if (made && op->err != 0)
                (void)unlink(real);
        free(real);
}

void kri_file_do_write_all(struct kri_file_op *op)
{
        struct stat about;

        if (stat(op->path, &about) == 0 && !S_ISREG(about.st_mode) &&
            !S_ISDIR(about.st_mode))
                write_into(op);
        else if (lstat(op->path, &about) == 0 && S_ISLNK(about.st_mode))
                replace_target(op);
        else
                replace_all(op, op->path);
}
