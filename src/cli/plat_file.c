/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool kri_path_join(char *buf, size_t size, const char *a, const char *b)
{
        int len = snprintf(buf, size, "%s/%s", a, b);

        if (len > 0 && (size_t)len < size)
                return true;
        errno = ENAMETOOLONG;
        return false;
}

bool kri_file_is(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool kri_folder_is(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool kri_folder_make(const char *path, unsigned mode)
{
        char part[KRI_PATH_MAX];

        if (strlen(path) >= sizeof(part)) {
                errno = ENAMETOOLONG;
                return false;
        }
        (void)snprintf(part, sizeof(part), "%s", path);
        for (char *p = part + 1; *p != 0; p++) {
                if (*p != '/')
                        continue;
                *p = 0;
                if (mkdir(part, 0777) != 0 && errno != EEXIST)
                        return false;
                *p = '/';
        }
        return mkdir(part, mode) == 0 || (errno == EEXIST && kri_folder_is(path));
}

bool kri_folder_make_private(const char *path)
{
        struct stat st;

        if (!kri_folder_make(path, 0700) || lstat(path, &st) != 0)
                return false;
        if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 077) == 0)
                return true;
        errno = EPERM;
        return false;
}

bool kri_folder_run(char *buf, size_t size)
{
        const char *own = getenv("KRARUP_RUN_DIR"), *xdg = getenv("XDG_RUNTIME_DIR");
        int len;

        if (own != NULL && own[0] != 0)
                len = snprintf(buf, size, "%s", own);
        else if (xdg != NULL && xdg[0] == '/')
                len = snprintf(buf, size, "%s/krarup", xdg);
        else if (geteuid() == 0)
                len = snprintf(buf, size, "/run/krarup");
        else
                len = snprintf(buf, size, "/tmp/krarup-%u", (unsigned)geteuid());
        if (len <= 0 || (size_t)len >= size) {
                errno = ENAMETOOLONG;
                return false;
        }
        if (buf[0] != '/') { /* another one for whoever stands elsewhere */
                errno = EINVAL;
                return false;
        }
        return kri_folder_make_private(buf);
}

static bool write_all(int fd, const char *text, size_t len)
{
        while (len > 0) {
                ssize_t done = write(fd, text, len);

                if (done < 0 && errno != EINTR)
                        return false;
                if (done > 0) {
                        text += done;
                        len -= (size_t)done;
                }
        }
        return true;
}

bool kri_file_create(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        bool done;

        if (fd < 0)
                return false;
        done = write_all(fd, text, strlen(text));
        return close(fd) == 0 && done;
}

bool kri_file_read(const char *path, kr_buf *buf, size_t max)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        char some[16384];
        ssize_t len;

        if (fd < 0)
                return false;
        while ((len = read(fd, some, sizeof(some))) != 0) {
                if (len < 0 && errno == EINTR)
                        continue;
                if (len > 0 && buf->len + (size_t)len > max) {
                        errno = EFBIG;
                        len = -1;
                } else if (len > 0 && kr_buf_append(buf, some, (size_t)len) != KR_OK) {
                        errno = ENOMEM;
                        len = -1;
                }
                if (len < 0)
                        break;
        }
        (void)close(fd);
        return len == 0;
}

uint64_t kri_file_stamp(const char *path)
{
        struct stat st;

        if (stat(path, &st) != 0)
                return 0;
        return ((uint64_t)st.st_mtim.tv_sec * 1000000007u +
                (uint64_t)st.st_mtim.tv_nsec) ^
               (uint64_t)st.st_ino << 40 ^ (uint64_t)st.st_size << 20 ^ 1;
}

static int no_dots(const struct dirent *entry)
{
        return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

bool kri_folder_each(const char *path, void (*fn)(void *arg, const char *name), void *arg)
{
        struct dirent **entries;
        int count = scandir(path, &entries, no_dots, alphasort);

        if (count < 0)
                return false;
        for (int i = 0; i < count; i++) {
                fn(arg, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        return true;
}

bool kri_path_real(const char *path, char *buf, size_t size)
{
        char *real = realpath(path, NULL);
        bool fits = real != NULL && strlen(real) < size;

        if (fits)
                (void)snprintf(buf, size, "%s", real);
        free(real);
        return fits;
}

bool kri_folder_here(char *buf, size_t size)
{
        return getcwd(buf, size) != NULL;
}

bool kri_folder_go(const char *path)
{
        return chdir(path) == 0;
}

uint64_t kri_resident_bytes(void)
{
        FILE *statm = fopen("/proc/self/statm", "re");
        unsigned long long all, resident = 0;

        if (statm == NULL)
                return 0;
        if (fscanf(statm, "%llu %llu", &all, &resident) != 2)
                resident = 0;
        (void)fclose(statm);
        return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void kri_standard_open(void)
{
        int fd;

        do
                fd = open("/dev/null", O_RDWR);
        while (fd >= 0 && fd <= 2);
        if (fd > 2)
                (void)close(fd);
}
