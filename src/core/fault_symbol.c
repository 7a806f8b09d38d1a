/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_symbol.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plat_thread.h"
#include "base/rand.h"

#include "fault_libc.h"
#include "fault_unwind.h"
#include "fiber.h"

#define SLOTS (KRI_SYMBOLS_MAX * 2) /* a power of two */
#define NAME_MAX_LEN 255u
#define LEARNER_STACK ((size_t)1 << 20)

/* Open addressing. When some go, all are taken out and those that stay put in again; who looks
 * meanwhile finds less. */
static struct kri_symbol *_Atomic slots[SLOTS];
static _Atomic uint32_t symbol_count;   /* moves under lock */
static _Atomic uint32_t holders;        /* see kri_symbols_hold */
static struct kri_symbol *limbo;        /* under lock: taken out, perhaps still held */
static kri_mutex lock = KRI_MUTEX_INIT; /* for learning */

/* -- the cache -- */

static uint32_t slot_of(uintptr_t at)
{
        return (uint32_t)kri_mix64(at) & (SLOTS - 1);
}

/* Sequentially consistent, as are taking out of `slots`, looking into it, and the look at `holders`
 * before freeing: either that sees us, or we do not see what is freed. */
void kri_symbols_hold(void)
{
        (void)atomic_fetch_add(&holders, 1);
}

/* release: pairs with free_limbo(); we have read */
void kri_symbols_release(void)
{
        (void)atomic_fetch_sub_explicit(&holders, 1, memory_order_release);
}

static struct kri_symbol *find(uintptr_t at)
{
        uint32_t i = slot_of(at);

        for (uint32_t n = 0; n < SLOTS; n++, i = (i + 1) & (SLOTS - 1)) {
                /* also acquire: pairs with keep(); what it points to is whole */
                struct kri_symbol *symbol = atomic_load(&slots[i]);

                if (symbol == NULL ||
                    atomic_load_explicit(&symbol->at, memory_order_relaxed) == at)
                        return symbol;
        }
        return NULL;
}

const struct kri_symbol *kri_symbol_known(uintptr_t at)
{
        struct kri_symbol *symbol = find(at);

        if (symbol != NULL &&
            !atomic_load_explicit(&symbol->wanted, memory_order_relaxed))
                atomic_store_explicit(&symbol->wanted, true, memory_order_relaxed);
        return symbol;
}

uint32_t kri_symbols_count(void)
{
        return atomic_load_explicit(&symbol_count, memory_order_relaxed);
}

/* locked */
static void keep(struct kri_symbol *symbol)
{
        uint32_t i = slot_of(symbol->at);

        while (atomic_load_explicit(&slots[i], memory_order_relaxed) != NULL)
                i = (i + 1) & (SLOTS - 1);
        atomic_store_explicit(&slots[i], symbol, memory_order_release);
        atomic_fetch_add_explicit(&symbol_count, 1, memory_order_relaxed);
}

/* locked */
static void free_limbo(void)
{
        if (atomic_load(&holders) != 0)
                return;
        while (limbo != NULL) {
                struct kri_symbol *next = limbo->next;

                free(limbo);
                limbo = next;
        }
}

/* locked: all out of the table. */
static struct kri_symbol *take_all(void)
{
        struct kri_symbol *all = NULL;

        for (uint32_t i = 0; i < SLOTS; i++) {
                struct kri_symbol *symbol = atomic_exchange(&slots[i], NULL);

                if (symbol == NULL)
                        continue;
                symbol->next = all;
                all = symbol;
        }
        atomic_store_explicit(&symbol_count, 0, memory_order_relaxed);
        return all;
}

/* locked. Those stay that somebody has wanted since the last time, unless that are too many. */
static void make_room(void)
{
        struct kri_symbol *symbol = take_all(), *next;
        uint32_t kept = 0;

        for (; symbol != NULL; symbol = next) {
                bool wanted = atomic_exchange_explicit(&symbol->wanted, false,
                                                       memory_order_relaxed);

                next = symbol->next;
                if (wanted && kept < KRI_SYMBOLS_MAX / 2 &&
                    atomic_load_explicit(&symbol->at, memory_order_relaxed) != 0) {
                        keep(symbol);
                        kept++;
                } else {
                        symbol->next = limbo;
                        limbo = symbol;
                }
        }
}

/* locked. For up to half of the cache. False: what was taken out is held still. */
static bool has_room(uint32_t count)
{
        if (atomic_load_explicit(&symbol_count, memory_order_relaxed) + count <=
            KRI_SYMBOLS_MAX)
                return true;
        free_limbo();
        if (limbo != NULL)
                return false;
        make_room();
        free_limbo();
        return true;
}

/* -- symbol tables -- */

/* A file of machine code, mapped; nothing in it is believed to be sound. */
struct image {
        const uint8_t *bytes;
        size_t size;
};

static bool open_image(const char *path, struct image *ret)
{
        int fd = open(path[0] != '\0' ? path : "/proc/self/exe", O_RDONLY | O_CLOEXEC);
        struct stat about;
        void *bytes;

        if (fd < 0)
                return false;
        if (fstat(fd, &about) != 0 || about.st_size < (off_t)sizeof(Elf64_Ehdr))
                goto close_fd;
        bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED)
                goto close_fd;
        close(fd);
        *ret = (struct image){ bytes, (size_t)about.st_size };
        return memcmp(bytes, ELFMAG, SELFMAG) == 0 && ret->bytes[EI_CLASS] == ELFCLASS64;
close_fd:
        close(fd);
        *ret = (struct image){ NULL, 0 };
        return false;
}

static void close_image(struct image *image)
{
        if (image->bytes != NULL)
                (void)munmap((void *)(uintptr_t)image->bytes, image->size);
        image->bytes = NULL;
}

/* The place of `count` things of `size` bytes; NULL: not within the file, or misaligned. */
static const void *part(const struct image *image, uint64_t offset, uint64_t count,
                        uint64_t size)
{
        if (offset > image->size || offset % 8 != 0 ||
            count > (image->size - offset) / size)
                return NULL;
        return image->bytes + offset;
}

static const Elf64_Shdr *section(const struct image *image, uint32_t type)
{
        const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
        const Elf64_Shdr *sections =
                part(image, header->e_shoff, header->e_shnum, sizeof(Elf64_Shdr));

        for (unsigned i = 0; sections != NULL && i < header->e_shnum; i++)
                if (sections[i].sh_type == type && sections[i].sh_link < header->e_shnum)
                        return &sections[i];
        return NULL;
}

/* The text of a symbol's name, terminated within the file. */
static const char *name_of(const struct image *image, const Elf64_Shdr *table,
                           const Elf64_Sym *symbol)
{
        const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
        const Elf64_Shdr *sections = (const Elf64_Shdr *)(image->bytes + header->e_shoff);
        const Elf64_Shdr *strings = &sections[table->sh_link];
        uint64_t at = strings->sh_offset + symbol->st_name;

        if (at < symbol->st_name || at >= image->size ||
            memchr(image->bytes + at, '\0', image->size - at) == NULL)
                return NULL;
        return (const char *)image->bytes + at;
}

static bool holds(const Elf64_Sym *symbol, uint64_t address)
{
        unsigned type = ELF64_ST_TYPE(symbol->st_info);

        return (type == STT_FUNC || type == STT_GNU_IFUNC) &&
               symbol->st_shndx != SHN_UNDEF && address >= symbol->st_value &&
               address - symbol->st_value < symbol->st_size;
}

/* Linkers make most hidden symbols local ones, not all. */
static bool is_global(const Elf64_Sym *symbol)
{
        unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);

        return ELF64_ST_BIND(symbol->st_info) != STB_LOCAL && visibility != STV_HIDDEN &&
               visibility != STV_INTERNAL;
}

/* The function of a table whose bounds hold `address` (as the file counts them); of several
 * names the one for users: free, not __libc_free. */
static const char *find_in(const struct image *image, const Elf64_Shdr *table,
                           uint64_t address, uint64_t *ret_offset, bool *ret_global)
{
        uint64_t count = table->sh_size / sizeof(Elf64_Sym), start = 0;
        const Elf64_Sym *symbols =
                part(image, table->sh_offset, count, sizeof(Elf64_Sym));
        const char *best = NULL;

        for (uint64_t i = 0; symbols != NULL && i < count; i++) {
                const char *name = holds(&symbols[i], address)
                                           ? name_of(image, table, &symbols[i])
                                           : NULL;

                if (name == NULL || (best != NULL && symbols[i].st_value < start))
                        continue;
                if (best == NULL || symbols[i].st_value > start ||
                    (best[0] == '_' && name[0] != '_')) {
                        best = name;
                        *ret_global = is_global(&symbols[i]);
                }
                start = symbols[i].st_value;
        }
        *ret_offset = address - start;
        return best;
}

/* Without .symtab (stripped), at least what the file exports. */
static const char *find_name(const struct image *image, uint64_t address,
                             uint64_t *ret_offset, bool *ret_global)
{
        static const uint32_t kinds[] = { SHT_SYMTAB, SHT_DYNSYM };

        for (unsigned i = 0; i < 2; i++) {
                const Elf64_Shdr *table = section(image, kinds[i]);
                const char *name = table != NULL ? find_in(image, table, address,
                                                           ret_offset, ret_global)
                                                 : NULL;

                if (name != NULL)
                        return name;
        }
        return NULL;
}

/* Static functions of libc have no name in the stripped file; for those that matter we have
 * the name they are called by. */
static const char *find_listed(const struct kri_object *object, uintptr_t at,
                               uint64_t *ret_offset)
{
        uintptr_t start, end;

        if (!kri_function_find(object, at, &start, &end))
                return NULL;
        *ret_offset = at - start;
        return kri_libc_name(start);
}

bool kri_symbol_read(uintptr_t at, char *name, size_t name_size, uintptr_t *ret_offset,
                     bool *ret_global)
{
        struct kri_object object;
        struct image image = { NULL, 0 };
        const char *found = NULL;
        uint64_t offset = 0;
        bool global = false;
        size_t length;

        if (!kri_object_find(at, &object))
                return false;
        if (open_image(object.path, &image))
                found = find_name(&image, at - object.bias, &offset, &global);
        if (found == NULL)
                found = find_listed(&object, at, &offset);
        if (found != NULL) {
                /* up to the list's separator, a version, a compiler's mark on its variant */
                length = strcspn(found, " @.");
                if (length >= name_size)
                        length = name_size - 1;
                memcpy(name, found, length);
                name[length] = '\0';
                *ret_offset = (uintptr_t)offset;
                if (ret_global != NULL)
                        *ret_global = global;
        }
        close_image(&image);
        return found != NULL;
}

/* -- lines, by libdw -- */

/* Of libdw's interface, what we use of it (elfutils, libdwfl.h). */
struct dwfl_callbacks {
        int (*find_elf)(void);
        int (*find_debuginfo)(void);
        int (*section_address)(void);
        char **debuginfo_path;
};

static struct libdw {
        void *library;
        void *session; /* Dwfl */
        struct dwfl_callbacks callbacks;
        void *(*begin)(const struct dwfl_callbacks *callbacks);
        void (*end)(void *session);
        void (*report_begin)(void *session);
        int (*report)(void *session, pid_t pid);
        int (*report_end)(void *session, void *removed, void *arg);
        void *(*module)(void *session, uint64_t address);
        void *(*source)(void *module, uint64_t address);
        const char *(*line)(void *source, uint64_t *address, int *line, int *column,
                            uint64_t *mtime, uint64_t *length);
        bool tried, usable;
} dw; /* under lock */

static bool find_function(const char *name, void *ret_function)
{
        void *place = dlsym(dw.library, name);

        memcpy(ret_function, &place, sizeof(place));
        return place != NULL;
}

static bool find_functions(void)
{
        return find_function("dwfl_linux_proc_find_elf", &dw.callbacks.find_elf) &&
               find_function("dwfl_standard_find_debuginfo",
                             &dw.callbacks.find_debuginfo) &&
               find_function("dwfl_begin", &dw.begin) &&
               find_function("dwfl_end", &dw.end) &&
               find_function("dwfl_report_begin", &dw.report_begin) &&
               find_function("dwfl_linux_proc_report", &dw.report) &&
               find_function("dwfl_report_end", &dw.report_end) &&
               find_function("dwfl_addrmodule", &dw.module) &&
               find_function("dwfl_module_getsrc", &dw.source) &&
               find_function("dwfl_lineinfo", &dw.line);
}

static void report_objects(void)
{
        dw.report_begin(dw.session);
        (void)dw.report(dw.session, getpid()); /* failed: no module is found below */
        (void)dw.report_end(dw.session, NULL, NULL);
}

/* ThreadSanitizer asks malloc how long thread-local data of a late library is, and ends the
 * program over the answer where malloc is another. */
#if defined(KRI_TSAN)
#define LIBDW "libdw.so.1, but not here"
#else
#define LIBDW "libdw.so.1"
#endif

static bool open_libdw(void)
{
        if (!dw.tried) {
                dw.tried = true;
                dw.library = dlopen(LIBDW, RTLD_LAZY | RTLD_LOCAL);
                dw.usable = dw.library != NULL && find_functions();
        }
        if (dw.usable && dw.session == NULL)
                dw.session = dw.begin(&dw.callbacks);
        return dw.session != NULL;
}

static void close_libdw(void)
{
        if (dw.session != NULL)
                dw.end(dw.session);
        if (dw.library != NULL)
                (void)dlclose(dw.library);
        memset(&dw, 0, sizeof(dw));
}

/* File and line; NULL: not known. Valid while the session is. */
static const char *find_line(uintptr_t at, uint32_t *ret_line)
{
        void *module, *source;
        const char *file, *slash;
        int line = 0;

        if (!open_libdw())
                return NULL;
        module = dw.module(dw.session, at);
        if (module == NULL) { /* loaded since the last look */
                report_objects();
                module = dw.module(dw.session, at);
        }
        source = module != NULL ? dw.source(module, at) : NULL;
        file = source != NULL ? dw.line(source, NULL, &line, NULL, NULL, NULL) : NULL;
        if (file == NULL || line <= 0)
                return NULL;
        *ret_line = (uint32_t)line;
        slash = strrchr(file, '/');
        return slash != NULL ? slash + 1 : file;
}

/* -- learning -- */

struct lesson {
        const uintptr_t *at;
        uint32_t count;
};

static struct kri_symbol *new_symbol(uintptr_t at, const char *function, uintptr_t offset,
                                     const char *file, uint32_t line)
{
        size_t function_len = strlen(function), file_len = strlen(file);
        struct kri_symbol *symbol;
        char *text;

        if (file_len > NAME_MAX_LEN)
                file_len = NAME_MAX_LEN;
        symbol = malloc(sizeof(*symbol) + function_len + file_len + 2);
        if (symbol == NULL)
                return NULL;
        text = (char *)(symbol + 1);
        memcpy(text, function, function_len + 1);
        memcpy(text + function_len + 1, file, file_len);
        text[function_len + 1 + file_len] = '\0';
        *symbol = (struct kri_symbol){ .at = at,
                                       .offset = (uint32_t)offset,
                                       .line = line,
                                       .function_len = (uint32_t)function_len,
                                       .file_len = (uint32_t)file_len,
                                       .function = text,
                                       .file = text + function_len + 1 };
        return symbol;
}

/* locked */
static void learn_one(uintptr_t at)
{
        char function[NAME_MAX_LEN + 1] = "";
        uintptr_t offset = 0;
        uint32_t line = 0;
        const char *file;
        struct kri_symbol *symbol;
        bool global = false;

        if (find(at) != NULL)
                return;
        (void)kri_symbol_read(at, function, sizeof(function), &offset,
                              &global); /* else: no name */
        file = find_line(at, &line);
        symbol = new_symbol(at, function, offset, file != NULL ? file : "", line);
        if (symbol == NULL)
                return;
        symbol->is_global = global;
        keep(symbol);
}

/* Room is made before the first is learned, so that it is not what makes room for the last. */
static void *learn(void *arg)
{
        const struct lesson *lesson = arg;
        uint32_t count = lesson->count < KRI_SYMBOLS_MAX / 2 ? lesson->count
                                                             : KRI_SYMBOLS_MAX / 2;

        kri_lock(&lock);
        if (!has_room(count))
                count = 0;
        for (uint32_t i = 0; i < count; i++)
                learn_one(lesson->at[i]);
        kri_unlock(&lock);
        return NULL;
}

/* A thread that no signal of the host's disturbs. */
static bool start_learner(pthread_t *ret_thread, struct lesson *lesson)
{
        pthread_attr_t attr;
        sigset_t all, before;
        bool started;

        if (pthread_attr_init(&attr) != 0)
                return false;
        sigfillset(&all);
        (void)pthread_attr_setstacksize(&attr, LEARNER_STACK); /* else: the default */
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        started = pthread_create(ret_thread, &attr, learn, lesson) == 0;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void)pthread_attr_destroy(&attr);
        return started;
}

void kri_symbols_learn(const uintptr_t *at, uint32_t count)
{
        struct lesson lesson = { at, count };
        pthread_t thread;

        kri_symbols_hold();
        while (lesson.count > 0 && find(*lesson.at) != NULL) {
                lesson.at++;
                lesson.count--;
        }
        kri_symbols_release();
        if (lesson.count > 0 && start_learner(&thread, &lesson))
                (void)pthread_join(thread, NULL);
}

void kri_symbols_let_go(void)
{
        kri_lock(&lock);
        if (dw.session != NULL)
                dw.end(dw.session);
        dw.session = NULL;
        kri_unlock(&lock);
}

/* They stay where they are: somebody may be looking at them. */
void kri_symbols_drop(uintptr_t low, uintptr_t high)
{
        kri_lock(&lock);
        for (uint32_t i = 0; i < SLOTS; i++) {
                struct kri_symbol *symbol =
                        atomic_load_explicit(&slots[i], memory_order_relaxed);

                if (symbol != NULL && symbol->at >= low && symbol->at < high)
                        atomic_store_explicit(&symbol->at, 0, memory_order_relaxed);
        }
        kri_unlock(&lock);
}

void kri_symbols_forget(void)
{
        kri_lock(&lock);
        for (struct kri_symbol *symbol = take_all(), *next; symbol != NULL;
             symbol = next) {
                next = symbol->next;
                free(symbol);
        }
        free_limbo();
        close_libdw();
        kri_unlock(&lock);
}
