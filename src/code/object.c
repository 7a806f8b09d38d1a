/* SPDX-License-Identifier: Apache-2.0 */
#include "object.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rand.h"
#include "core/fault_purged.h"
#include "core/fault_symbol.h"
#include "otp/sys.h"

static bool refuse(struct kri_refusal *why, const char *reason, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static bool refuse(struct kri_refusal *why, const char *reason, const char *format, ...)
{
        va_list args;

        why->reason = reason;
        va_start(args, format);
        vsnprintf(why->text, sizeof(why->text), format, args);
        va_end(args);
        return false;
}

/* -- reading -- */

static bool read_bytes(int fd, uint8_t *to, size_t size)
{
        while (size > 0) {
                ssize_t got = read(fd, to, size);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return false;
                to += got;
                size -= (size_t)got;
        }
        return true;
}

static bool read_open_file(int fd, const char *file, uint8_t **ret, size_t *ret_size,
                           struct kri_refusal *why)
{
        struct stat about;
        uint8_t *bytes;

        if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
                return refuse(why, "nofile", "%s is no file", file);
        if (about.st_size == 0 || (uint64_t)about.st_size > KRI_OBJECT_BYTES_MAX)
                return refuse(why, "badfile", "%s is %s", file,
                              about.st_size == 0 ? "empty" : "larger than 256 MiB");
        bytes = malloc((size_t)about.st_size);
        if (bytes == NULL)
                return refuse(why, "system_limit", "no memory to read %s", file);
        if (!read_bytes(fd, bytes, (size_t)about.st_size)) {
                free(bytes);
                return refuse(why, "badfile", "%s: it was cut off while it was read",
                              file);
        }
        *ret = bytes;
        *ret_size = (size_t)about.st_size;
        return true;
}

static bool read_file(const char *file, uint8_t **ret, size_t *ret_size,
                      struct kri_refusal *why)
{
        int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        bool done;

        if (fd < 0)
                return refuse(why, "nofile", "%s: %s", file, strerror(errno));
        done = read_open_file(fd, file, ret, ret_size, why);
        close(fd);
        return done;
}

/* -- checking -- */

/* Of a file without a build id: one made of all its bytes. */
static void make_build_id(const uint8_t *bytes, size_t size, struct kri_elf *elf)
{
        uint64_t a = size, b = ~(uint64_t)size, word;

        for (size_t i = 0; i < size; i += sizeof(word)) {
                word = 0;
                memcpy(&word, bytes + i, size - i < 8 ? size - i : 8);
                a = kri_mix64(a ^ word);
                b = kri_mix64(b + word);
        }
        memcpy(elf->build_id, &a, 8);
        memcpy(elf->build_id + 8, &b, 8);
        elf->build_id_len = 16;
}

static bool check_unloading(const char *file, const struct kri_elf *elf,
                            struct kri_refusal *why)
{
        if (elf->thread_local_ != NULL)
                return refuse(
                        why, "thread_local",
                        "%s has thread-local storage%s%s: a process changes threads, and "
                        "such an object cannot be unloaded",
                        file, elf->thread_local_[0] != '\0' ? ", " : "",
                        elf->thread_local_);
        if (elf->nodelete)
                return refuse(why, "nodelete",
                              "%s is linked with -z nodelete: it would never be unloaded",
                              file);
        if (elf->unique != NULL)
                return refuse(why, "unique_symbols",
                              "%s has the unique symbol %s and would never be unloaded: "
                              "compile with -fno-gnu-unique",
                              file, elf->unique);
        return true;
}

static bool check_module(const struct kri_object_order *order, const struct kri_elf *elf,
                         struct kri_refusal *why)
{
        const char *file = order->file;

        if (!elf->has_descriptor || elf->name == NULL || elf->abi == 0)
                return refuse(why, "no_descriptor",
                              "%s exports no krarup_module: it needs a KR_MODULE", file);
        if (elf->abi != KR_MODULE_ABI)
                return refuse(
                        why, "wrong_abi",
                        "%s was compiled for modules of kind %u, this is %u: compile it "
                        "again",
                        file, elf->abi, KR_MODULE_ABI);
        if (order->name != NULL && strcmp(order->name, elf->name) != 0)
                return refuse(why, "wrong_name", "%s is the module %s, not %s", file,
                              elf->name, order->name);
        return true;
}

/* Is this library linked into the program, and not a shared one? Then a module that needs the
 * shared one would bring a second world with it. */
static bool is_in_program(void)
{
        Dl_info info;
        const char *name;

        if (dladdr((void *)(uintptr_t)kri_object_open, &info) == 0 ||
            info.dli_fname == NULL)
                return false;
        name = strrchr(info.dli_fname, '/');
        return strstr(name != NULL ? name : info.dli_fname, "libkrarup.so") == NULL;
}

static bool check(const struct kri_object_order *order, const uint8_t *bytes, size_t size,
                  struct kri_elf *elf, struct kri_refusal *why)
{
        const char *wrong = kri_elf_read(bytes, size, elf);

        if (wrong != NULL)
                return refuse(why, "badfile", "%s: %s", order->file, wrong);
        if (elf->needs_krarup && is_in_program())
                return refuse(
                        why, "unresolved",
                        "%s is linked with libkrarup.so, and the program has Krarup in "
                        "itself: link the module without it",
                        order->file);
        if (elf->build_id_len == 0)
                make_build_id(bytes, size, elf);
        if (!check_module(order, elf, why) || !check_unloading(order->file, elf, why))
                return false;
        if (order->strict && elf->static_count != 0)
                return refuse(
                        why, "statics",
                        "%s has %llu bytes of writable data of its own, %s among it: a new "
                        "version would begin with fresh ones",
                        order->file, (unsigned long long)elf->static_bytes,
                        elf->statics[0].name[0] != '\0' ? elf->statics[0].name
                                                        : "without names");
        return order->judge == NULL ||
               order->judge(order->context, elf->name, elf->build_id, elf->build_id_len,
                            why);
}

/* -- what is remembered -- */

static void free_object(struct kri_object *o)
{
        free(o->copy);
        free(o->file);
        free(o->names);
        free(o);
}

static bool keep_statics(struct kri_object *o, const struct kri_elf *elf)
{
        size_t len = 0;
        char *at;

        for (uint32_t i = 0; i < elf->static_count; i++)
                len += strnlen(elf->statics[i].name, 255) + 1;
        at = o->names = malloc(len + 1);
        if (at == NULL)
                return false;
        for (uint32_t i = 0; i < elf->static_count; i++) {
                size_t n = strnlen(elf->statics[i].name, 255);

                memcpy(at, elf->statics[i].name, n);
                at[n] = '\0';
                o->statics[i] = (struct kri_static){ at, elf->statics[i].size };
                at += n + 1;
        }
        return true;
}

/* NULL: no memory. */
static struct kri_object *new_object(const char *file, const struct kri_elf *elf)
{
        struct kri_object *o = calloc(1, sizeof(*o));

        if (o == NULL)
                return NULL;
        o->file = strdup(file);
        if (o->file == NULL || !keep_statics(o, elf)) {
                free_object(o);
                return NULL;
        }
        o->facts.file = o->file;
        o->facts.statics = o->statics;
        o->facts.static_count = elf->static_count;
        o->facts.static_bytes = elf->static_bytes;
        o->facts.build_id_len = elf->build_id_len;
        memcpy(o->facts.build_id, elf->build_id, elf->build_id_len);
        snprintf(o->module_name, sizeof(o->module_name), "%s", elf->name);
        return o;
}

/* -- the copy -- */

static bool write_bytes(int fd, const uint8_t *bytes, size_t size)
{
        while (size > 0) {
                ssize_t put = write(fd, bytes, size);

                if (put < 0 && errno == EINTR)
                        continue;
                if (put <= 0)
                        return false;
                bytes += put;
                size -= (size_t)put;
        }
        return true;
}

/* A module's name may hold anything; a file's must not. */
static void plain_name(const char *name, char *to, size_t size)
{
        size_t i;

        for (i = 0; name[i] != '\0' && i + 1 < size; i++)
                to[i] = (name[i] >= 'a' && name[i] <= 'z') ||
                                        (name[i] >= 'A' && name[i] <= 'Z') ||
                                        (name[i] >= '0' && name[i] <= '9') ||
                                        name[i] == '_'
                                ? name[i]
                                : '-';
        to[i] = '\0';
}

static bool make_copy(struct kri_object *o, const char *directory, const uint8_t *bytes,
                      size_t size, struct kri_refusal *why)
{
        static _Atomic unsigned long number; /* of this OS process */
        char name[64];
        int fd;

        plain_name(o->module_name, name, sizeof(name));
        if (asprintf(&o->copy, "%s/%s-%lu-%02x%02x%02x%02x.so", directory, name,
                     atomic_fetch_add(&number, 1) + 1, o->facts.build_id[0],
                     o->facts.build_id[1], o->facts.build_id[2],
                     o->facts.build_id[3]) < 0) {
                o->copy = NULL;
                return refuse(why, "system_limit", "no memory for %s", o->file);
        }
        fd = open(o->copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0500);
        if (fd < 0)
                return refuse(why, "system_limit", "%s: %s", o->copy, strerror(errno));
        if (!write_bytes(fd, bytes, size)) {
                refuse(why, "system_limit", "%s: %s", o->copy, strerror(errno));
                close(fd);
                (void)unlink(o->copy);
                return false;
        }
        close(fd);
        return true;
}

/* -- loading -- */

struct search {
        uintptr_t bias;
        const void *place; /* an address within it */
        struct kri_span span;
        bool found;
};

static void widen(uintptr_t low, uintptr_t high, uintptr_t *place_low,
                  uintptr_t *place_high)
{
        if (*place_high == 0 || low < *place_low)
                *place_low = low;
        if (high > *place_high)
                *place_high = high;
}

static int look_at_object(struct dl_phdr_info *info, size_t size, void *arg)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
        struct search *search = arg;
        struct kri_span span = { 0 };

        (void)size;
        for (int i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];
                uintptr_t low = (info->dlpi_addr + p->p_vaddr) & ~page;
                uintptr_t high = (info->dlpi_addr + p->p_vaddr + p->p_memsz + page) &
                                 ~page;

                if (p->p_type != PT_LOAD)
                        continue;
                widen(low, high, &span.low, &span.high);
                if ((p->p_flags & PF_X) != 0)
                        widen(low, high, &span.text_low, &span.text_high);
        }
        if (!kri_span_holds(&span, (uintptr_t)search->place))
                return 0;
        search->span = span;
        search->found = true;
        return 1;
}

static bool find_span(const void *place, struct kri_span *ret)
{
        struct search search = { .place = place };

        (void)dl_iterate_phdr(look_at_object, &search);
        *ret = search.span;
        return search.found;
}

static bool load(struct kri_object *o, struct kri_refusal *why)
{
        const kr_module *const *face;
        const char *error;

        o->handle = dlopen(o->copy, RTLD_NOW | RTLD_LOCAL);
        if (o->handle == NULL) {
                error = dlerror();
                return refuse(why, "unresolved", "%s: %s", o->file,
                              error != NULL ? error : "it cannot be loaded");
        }
        face = (const kr_module *const *)dlsym(o->handle, "krarup_module");
        if (face == NULL || *face == NULL || !find_span(*face, &o->facts.span) ||
            !kri_span_holds(&o->facts.span, (uintptr_t)face))
                return refuse(why, "no_descriptor",
                              "%s: its krarup_module is not its own", o->file);
        o->module = *face;
        return true;
}

static struct kri_object *open_bytes(const struct kri_object_order *order,
                                     const uint8_t *bytes, size_t size,
                                     struct kri_refusal *why)
{
        struct kri_object *o;
        struct kri_elf elf;

        if (!check(order, bytes, size, &elf, why))
                return NULL;
        o = new_object(order->file, &elf);
        if (o == NULL) {
                refuse(why, "system_limit", "no memory for %s", order->file);
                return NULL;
        }
        if (order->directory == NULL)
                return o;
        if (!make_copy(o, order->directory, bytes, size, why)) {
                free_object(o);
                return NULL;
        }
        if (load(o, why))
                return o;
        (void)kri_object_close(o, 0, 0);
        return NULL;
}

struct kri_object *kri_object_open(const struct kri_object_order *order,
                                   struct kri_refusal *ret_why)
{
        struct kri_object *o;
        uint8_t *bytes = NULL;
        size_t size = 0;

        if (order->bytes != NULL)
                return open_bytes(order, order->bytes, order->size, ret_why);
        if (!read_file(order->file, &bytes, &size, ret_why))
                return NULL;
        o = open_bytes(order, bytes, size, ret_why);
        free(bytes);
        return o;
}

/* -- unloading -- */

/* Whatever dlclose has said: is anything of the file mapped where it was? */
static bool is_mapped(const struct kri_object *o)
{
        const struct kri_span *span = &o->facts.span;
        unsigned long low, high;
        char line[512];
        FILE *maps = fopen("/proc/self/maps", "re");
        bool found = maps == NULL; /* it cannot be known */

        while (!found && fgets(line, sizeof(line), maps) != NULL)
                found = sscanf(line, "%lx-%lx", &low, &high) == 2 && low < span->high &&
                        high > span->low && strstr(line, o->copy) != NULL;
        if (maps != NULL)
                fclose(maps);
        return found;
}

bool kri_object_close(struct kri_object *o, uint32_t module, uint32_t version)
{
        bool gone = true;

        if (o->handle != NULL) {
                kri_symbols_let_go();
                kri_funs_drop(o->facts.span.low, o->facts.span.high);
                (void)dlclose(o->handle); /* is_mapped says what came of it */
                gone = o->facts.span.low == 0 || !is_mapped(o);
        }
        if (gone && module != 0) {
                const struct kri_purged range = { o->facts.span.low, o->facts.span.high,
                                                  module, version };

                (void)kri_purged_reserve(&range); /* else somebody was faster */
        }
        if (o->copy != NULL && gone)
                (void)unlink(o->copy);
        free_object(o);
        return gone;
}
