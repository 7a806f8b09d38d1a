/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_doctor.h"

#include "plat_file.h"
#include "plat_run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, Linux 6.13 */
#define FILES_WANTED 65536
#define MAPS_WANTED 262144
#define WATCHES_WANTED 8192

static void find(struct kri_finding *f, enum kri_health health, const char *remedy,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void find(struct kri_finding *f, enum kri_health health, const char *remedy,
                 const char *format, ...)
{
        va_list args;

        f->health = health;
        va_start(args, format);
        (void)vsnprintf(f->what, sizeof(f->what), format, args);
        va_end(args);
        (void)snprintf(f->remedy, sizeof(f->remedy), "%s",
                       health == KRI_WELL ? "" : remedy);
}

/* The number in a file of /proc or /sys; -1: there is none. */
static long long number_in(const char *path)
{
        FILE *file = fopen(path, "re");
        long long n = -1;

        if (file == NULL)
                return -1;
        if (fscanf(file, "%lld", &n) != 1)
                n = -1;
        (void)fclose(file);
        return n;
}

/* -- limits -- */

static void look_at_files(struct kri_finding *f)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
                find(f, KRI_COULD_BE_BETTER, "", "not known");
                return;
        }
        find(f, limit.rlim_cur >= FILES_WANTED ? KRI_WELL : KRI_COULD_BE_BETTER,
             "for many: ulimit -n 65536; under systemd LimitNOFILE=65536",
             "%llu may be open at a time", (unsigned long long)limit.rlim_cur);
}

static void look_at_memlock(struct kri_finding *f)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
                find(f, KRI_COULD_BE_BETTER, "", "not known");
        else if (limit.rlim_cur == RLIM_INFINITY)
                find(f, KRI_WELL, "", "all memory may be locked");
        else
                find(f, KRI_WELL, "",
                     "%llu KiB of memory may be locked (Krarup locks none)",
                     (unsigned long long)limit.rlim_cur / 1024);
}

static bool has_guards(void)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
        bool has;

        if (p == MAP_FAILED)
                return false;
        has = madvise(p, page, GUARD_INSTALL) == 0;
        (void)munmap(p, page);
        return has;
}

static void look_at_guards(struct kri_finding *f)
{
        if (has_guards())
                find(f, KRI_WELL, "",
                     "guard pages without mappings (MADV_GUARD_INSTALL)");
        else
                find(f, KRI_COULD_BE_BETTER,
                     "Linux 6.13 has them; until then vm.max_map_count limits the stacks",
                     "guard pages by mprotect: each stack in use takes two mappings");
}

static void look_at_maps(struct kri_finding *f)
{
        long long max = number_in("/proc/sys/vm/max_map_count");

        find(f, max >= MAPS_WANTED || has_guards() ? KRI_WELL : KRI_COULD_BE_BETTER,
             "for more than 32,000 processes that block in the middle: sysctl -w "
             "vm.max_map_count=1048576",
             "%lld mappings in a program", max);
}

static void look_at_overcommit(struct kri_finding *f)
{
        long long mode = number_in("/proc/sys/vm/overcommit_memory");

        find(f, mode == 2 ? KRI_COULD_BE_BETTER : KRI_WELL,
             "reserved address space counts as memory in mode 2: sysctl -w "
             "vm.overcommit_memory=0",
             "overcommit mode %lld", mode);
}

static void look_at_watches(struct kri_finding *f)
{
        long long max = number_in("/proc/sys/fs/inotify/max_user_watches");

        find(f, max >= WATCHES_WANTED ? KRI_WELL : KRI_COULD_BE_BETTER,
             "`krarup run` watches folders: sysctl -w fs.inotify.max_user_watches=65536",
             "%lld folders may be watched", max);
}

/* -- the kernel -- */

static void look_at_kernel(struct kri_finding *f)
{
        struct utsname name;

        if (uname(&name) == 0)
                find(f, KRI_WELL, "", "%s %s on %s", name.sysname, name.release,
                     name.machine);
        else
                find(f, KRI_COULD_BE_BETTER, "", "not known");
}

static void look_at_membarrier(struct kri_finding *f)
{
        long got = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

        if (got > 0 && (got & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0)
                find(f, KRI_WELL, "", "membarrier: a process that hogs a core loses it");
        else
                find(f, KRI_COULD_BE_BETTER,
                     "Linux 4.14 has it; some containers forbid it",
                     "no membarrier: a process that hogs a core keeps it");
}

static void look_at_huge_pages(struct kri_finding *f)
{
        kr_buf text = KR_BUF_INIT;
        bool never = !kri_file_read("/sys/kernel/mm/transparent_hugepage/enabled", &text,
                                    200) ||
                     strstr(text.data != NULL ? text.data : "", "[never]") != NULL;

        kr_buf_free(&text);
        find(f, never ? KRI_COULD_BE_BETTER : KRI_WELL,
             "first touches of memory are faster with: echo madvise > "
             "/sys/kernel/mm/transparent_hugepage/enabled",
             never ? "no huge pages" : "huge pages on request");
}

static void look_at_pidfd(struct kri_finding *f)
{
        int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

        if (fd >= 0)
                (void)close(fd);
        find(f, fd >= 0 ? KRI_WELL : KRI_ILL,
             "Linux 5.3 has pidfd_open; `krarup stop` needs it",
             fd >= 0 ? "pidfd: programs are known for certain" : "no pidfd_open");
}

static void look_at_cores(struct kri_finding *f)
{
        find(f, KRI_WELL, "", "%ld processors, %.1f GB of memory",
             sysconf(_SC_NPROCESSORS_ONLN),
             (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1e9);
}

/* -- programs and places -- */

static void look_for(struct kri_finding *f, const char *const *argv, const char *remedy,
                     const char *name)
{
        kr_buf said = KR_BUF_INIT;
        int status = kri_run(argv, &(struct kri_run_opts){ .output = &said });
        int len = said.data != NULL ? (int)strcspn(said.data, "\n") : 0;

        if (status == 0)
                find(f, KRI_WELL, "", "%.*s", len < 100 ? len : 100,
                     said.data != NULL ? said.data : "");
        else
                find(f, KRI_ILL, remedy, "%s is not there", name);
        kr_buf_free(&said);
}

static void look_for_compiler(struct kri_finding *f)
{
        const char *cc = getenv("CC");
        const char *const argv[] = { cc != NULL ? cc : "cc", "--version", NULL };

        look_for(f, argv, "apt-get install gcc libc6-dev", argv[0]);
}

static void look_for_make(struct kri_finding *f)
{
        static const char *const argv[] = { "make", "--version", NULL };

        look_for(f, argv, "apt-get install make", "make");
}

static void look_for_library(struct kri_finding *f)
{
        static const char *const argv[] = { "pkg-config", "--modversion", "krarup",
                                            NULL };
        kr_buf said = KR_BUF_INIT;
        int status = kri_run(argv, &(struct kri_run_opts){ .output = &said });
        int len = said.data != NULL ? (int)strcspn(said.data, "\n") : 0;

        if (status == 0 && said.data != NULL &&
            strncmp(said.data, kr_version(), (size_t)len) == 0)
                find(f, KRI_WELL, "", "pkg-config finds version %.*s", len, said.data);
        else if (status == 0)
                find(f, KRI_ILL,
                     "put the folder of this one's krarup.pc into PKG_CONFIG_PATH",
                     "pkg-config finds version %.*s, this is %s", len, said.data,
                     kr_version());
        else
                find(f, KRI_ILL,
                     "apt-get install pkg-config; put the folder of krarup.pc into "
                     "PKG_CONFIG_PATH",
                     "pkg-config does not find krarup");
        kr_buf_free(&said);
}

static void look_at_editing(struct kri_finding *f)
{
#ifdef KRI_HAS_LIBEDIT
        find(f, KRI_WELL, "", "libedit: history and completion in the shell");
#else
        find(f, KRI_COULD_BE_BETTER, "apt-get install libedit-dev, and build anew",
             "no libedit: a shell without history and completion");
#endif
}

static void look_at_run_folder(struct kri_finding *f)
{
        char folder[KRI_PATH_MAX] = "";

        if (!kri_folder_run(folder, sizeof(folder)))
                find(f, KRI_ILL,
                     "set KRARUP_RUN_DIR to a folder that is yours alone (0700)",
                     "%.100s: %s", folder, strerror(errno));
        else if (strlen(folder) > 70)
                find(f, KRI_COULD_BE_BETTER,
                     "sockets have short names: set KRARUP_RUN_DIR", "%.100s is long",
                     folder);
        else
                find(f, KRI_WELL, "", "sockets and pid files in %.100s", folder);
}

const struct kri_check kri_checks[] = {
        { "machine", look_at_cores },
        { "kernel", look_at_kernel },
        { "compiler", look_for_compiler },
        { "make", look_for_make },
        { "library", look_for_library },
        { "line editing", look_at_editing },
        { "run folder", look_at_run_folder },
        { "open files", look_at_files },
        { "locked memory", look_at_memlock },
        { "mappings", look_at_maps },
        { "guard pages", look_at_guards },
        { "overcommit", look_at_overcommit },
        { "huge pages", look_at_huge_pages },
        { "membarrier", look_at_membarrier },
        { "pidfd", look_at_pidfd },
        { "inotify", look_at_watches },
        { NULL, NULL },
};

void kri_check_port(int port, struct kri_finding *f)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
        bool is_free;

        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        is_free = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                  listen(fd, 1) == 0;
        find(f, is_free ? KRI_WELL : KRI_ILL, "`ss -ltnp` shows who has it",
             is_free ? "port %d is free" : "port %d cannot be listened on", port);
        if (!is_free && errno != EADDRINUSE)
                (void)snprintf(f->remedy, sizeof(f->remedy), "%s", strerror(errno));
        (void)close(fd);
}
