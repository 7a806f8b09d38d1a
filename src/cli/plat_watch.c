/* SPDX-License-Identifier: Apache-2.0 */
/* plat_watch.c: inotify: one watch for each folder of a project. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plat_wait.h"

#define FOLDERS_MAX 1024
#define DEPTH_MAX 16
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE)

/* What each watch stands for, as new folders have to be watched; one project a program. */
static struct {
        int count;
        char skip[64];
        char folders[FOLDERS_MAX][PATH_MAX / 8];
        int watches[FOLDERS_MAX];
} watched;

static void watch_folder(int fd, const char *folder, int depth);

static void watch_inner(int fd, const char *folder, const char *name, int depth)
{
        char path[PATH_MAX / 8];
        struct stat st;
        int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

        if (name[0] == '.' || strcmp(name, watched.skip) == 0 || len < 0 ||
            (size_t)len >= sizeof(path) || lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
                return;
        watch_folder(fd, path, depth + 1);
}

static void watch_folder(int fd, const char *folder, int depth)
{
        struct dirent *entry;
        DIR *dir;
        int watch;

        if (watched.count == FOLDERS_MAX || depth > DEPTH_MAX ||
            (watch = inotify_add_watch(fd, folder, EVENTS)) < 0)
                return;
        watched.watches[watched.count] = watch;
        (void)snprintf(watched.folders[watched.count], sizeof(watched.folders[0]), "%s",
                       folder);
        watched.count++;
        dir = opendir(folder);
        if (dir == NULL)
                return;
        while ((entry = readdir(dir)) != NULL)
                watch_inner(fd, folder, entry->d_name, depth);
        (void)closedir(dir);
}

int kri_watch_open(const char *folder, const char *skip)
{
        int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

        if (fd < 0)
                return -1;
        watched.count = 0;
        (void)snprintf(watched.skip, sizeof(watched.skip), "%s", skip);
        watch_folder(fd, folder, 0);
        if (watched.count > 0)
                return fd;
        (void)close(fd);
        return -1;
}

static bool is_source(const char *name)
{
        static const char *const ends[] = { ".c",   ".h",   ".cc", ".cpp",
                                            ".hpp", ".app", NULL };
        const char *dot = strrchr(name, '.');

        if (name[0] == '.')
                return false;
        for (int i = 0; dot != NULL && ends[i] != NULL; i++) {
                if (strcmp(dot, ends[i]) == 0)
                        return true;
        }
        return strcmp(name, "Makefile") == 0 || strcmp(name, "meson.build") == 0;
}

static const char *folder_of(int watch)
{
        for (int i = 0; i < watched.count; i++) {
                if (watched.watches[i] == watch)
                        return watched.folders[i];
        }
        return NULL;
}

bool kri_watch_take(int fd, char *name, size_t size)
{
        char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
        bool changed = false;
        ssize_t len;

        while ((len = read(fd, events, sizeof(events))) > 0) {
                const struct inotify_event *e;

                for (char *p = events; p < events + len; p += sizeof(*e) + e->len) {
                        const char *folder;

                        e = (const struct inotify_event *)p;
                        folder = folder_of(e->wd);
                        if (e->len == 0 || folder == NULL)
                                continue;
                        if ((e->mask & IN_ISDIR) != 0) {
                                watch_inner(fd, folder, e->name, 0);
                        } else if ((e->mask & IN_CREATE) == 0 && is_source(e->name)) {
                                (void)snprintf(name, size, "%s", e->name);
                                changed = true;
                        }
                }
        }
        return changed;
}
