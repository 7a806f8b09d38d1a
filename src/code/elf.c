/* SPDX-License-Identifier: Apache-2.0 */
#include "elf.h"

#include <elf.h>
#include <string.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define RELOCATION_TYPES 43u
#define RELATIVE R_X86_64_RELATIVE
#define IRELATIVE R_X86_64_IRELATIVE
#else
#define MACHINE EM_AARCH64
#define RELOCATION_TYPES 1033u
#define RELATIVE R_AARCH64_RELATIVE
#define IRELATIVE R_AARCH64_IRELATIVE
#endif

#if !defined(DT_RELR) /* glibc before 2.36 does not know them */
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37
#endif

#define SEGMENTS_MAX 64u
#define NEEDED_MAX 64u
#define PAGE 4096u    /* some linkers round what is made read-only up to it */
#define STB_UNIQUE 10 /* STB_GNU_UNIQUE */

struct file {
        const uint8_t *bytes;
        size_t size;
        Elf64_Ehdr header;
};

/* -- reading: parts are copied out, for they may be misaligned -- */

static bool has(const struct file *f, uint64_t at, uint64_t size)
{
        return at <= f->size && size <= f->size - at;
}

static bool read_at(const struct file *f, uint64_t at, void *to, size_t size)
{
        if (!has(f, at, size))
                return false;
        memcpy(to, f->bytes + at, size);
        return true;
}

static bool segment(const struct file *f, unsigned i, Elf64_Phdr *ret)
{
        return read_at(f, f->header.e_phoff + i * sizeof(*ret), ret, sizeof(*ret));
}

static bool section(const struct file *f, unsigned i, Elf64_Shdr *ret)
{
        return i < f->header.e_shnum &&
               read_at(f, f->header.e_shoff + i * sizeof(*ret), ret, sizeof(*ret));
}

/* Where in the file is what will lie at that address? */
static bool offset_of(const struct file *f, uint64_t address, uint64_t *ret_at,
                      uint64_t *ret_left)
{
        Elf64_Phdr p;

        for (unsigned i = 0; i < f->header.e_phnum; i++) {
                if (!segment(f, i, &p) || p.p_type != PT_LOAD || address < p.p_vaddr ||
                    address - p.p_vaddr >= p.p_filesz)
                        continue;
                *ret_at = p.p_offset + (address - p.p_vaddr);
                *ret_left = p.p_filesz - (address - p.p_vaddr);
                return has(f, *ret_at, *ret_left);
        }
        return false;
}

/* Will `size` bytes of memory be there, with these rights? */
static bool is_mapped(const struct file *f, uint64_t address, uint64_t size,
                      uint32_t rights)
{
        Elf64_Phdr p;

        for (unsigned i = 0; i < f->header.e_phnum; i++)
                if (segment(f, i, &p) && p.p_type == PT_LOAD && address >= p.p_vaddr &&
                    address - p.p_vaddr <= p.p_memsz &&
                    size <= p.p_memsz - (address - p.p_vaddr) &&
                    (p.p_flags & rights) == rights)
                        return true;
        return false;
}

/* -- what it is -- */

static const char *read_header(struct file *f)
{
        Elf64_Ehdr *h = &f->header;

        if (!read_at(f, 0, h, sizeof(*h)) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
                return "it is no ELF file";
        if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
            h->e_machine != MACHINE)
                return "it is for another machine";
        if (h->e_type != ET_DYN)
                return "it is no shared object";
        if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 ||
            h->e_phnum > SEGMENTS_MAX ||
            !has(f, h->e_phoff, (uint64_t)h->e_phnum * sizeof(Elf64_Phdr)))
                return "its table of segments is damaged";
        if (h->e_shnum != 0 &&
            (h->e_shentsize != sizeof(Elf64_Shdr) ||
             !has(f, h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr))))
                return "its table of sections is cut off or damaged";
        return NULL;
}

/* What the loader maps must be there: a page beyond the end of a file is a SIGBUS. */
static const char *check_segments(const struct file *f)
{
        Elf64_Phdr p;
        uint64_t end = 0;
        bool loads = false, dynamic = false;

        for (unsigned i = 0; i < f->header.e_phnum; i++) {
                if (!segment(f, i, &p))
                        return "its table of segments is damaged";
                if (p.p_type == PT_DYNAMIC)
                        dynamic = has(f, p.p_offset, p.p_filesz);
                if (p.p_type == PT_INTERP)
                        return "it is a program";
                if (p.p_type == PT_GNU_RELRO &&
                    !is_mapped(f, p.p_vaddr, p.p_memsz > PAGE ? p.p_memsz - PAGE : 0,
                               PF_W))
                        return "its segments are damaged";
                if (p.p_type != PT_LOAD)
                        continue;
                if (!has(f, p.p_offset, p.p_filesz))
                        return "it is cut off";
                if (p.p_filesz > p.p_memsz || p.p_vaddr < end ||
                    p.p_vaddr > UINT64_MAX / 4 || p.p_memsz > UINT64_MAX / 4 ||
                    (p.p_align > 1 && ((p.p_align & (p.p_align - 1)) != 0 ||
                                       (p.p_vaddr - p.p_offset) % p.p_align != 0)))
                        return "its segments are damaged";
                end = p.p_vaddr + p.p_memsz;
                loads = true;
        }
        if (!loads || !dynamic)
                return "it has nothing to be loaded";
        return NULL;
}

/* -- the dynamic section -- */

#define TAGS 38u /* DT_NULL to DT_RELRENT */

struct dynamic {
        uint64_t value[TAGS]; /* by tag; 0: it is not there */
        uint64_t present;     /* bits: the tags that are */
        uint64_t gnu_hash, flags_1, relative_count;
        uint64_t needed[NEEDED_MAX];
        uint32_t needed_count;
};

static bool is_there(const struct dynamic *d, unsigned tag)
{
        return (d->present >> tag & 1) != 0;
}

static void take_entry(struct dynamic *d, const Elf64_Dyn *entry)
{
        uint64_t tag = (uint64_t)entry->d_tag, value = entry->d_un.d_val;

        if (tag < TAGS) {
                d->value[tag] = value;
                d->present |= (uint64_t)1 << tag;
        }
        if (tag == DT_NEEDED && d->needed_count < NEEDED_MAX)
                d->needed[d->needed_count++] = value;
        else if (tag == DT_GNU_HASH)
                d->gnu_hash = value;
        else if (tag == DT_FLAGS_1)
                d->flags_1 = value;
        else if (tag == DT_RELACOUNT)
                d->relative_count = value;
}

/* False: it does not lie where the loader looks for it, or something follows its end. */
static bool read_dynamic(const struct file *f, struct dynamic *ret)
{
        Elf64_Phdr p = { 0 };
        Elf64_Dyn d;
        uint64_t at, left;
        bool ended = false;

        memset(ret, 0, sizeof(*ret));
        for (unsigned i = 0; i < f->header.e_phnum; i++)
                if (segment(f, i, &p) && p.p_type == PT_DYNAMIC)
                        break;
        if (!offset_of(f, p.p_vaddr, &at, &left) || at != p.p_offset || p.p_filesz > left)
                return false;
        for (uint64_t end = at + p.p_filesz; end - at >= sizeof(d); at += sizeof(d)) {
                if (!read_at(f, at, &d, sizeof(d)) || (ended && d.d_tag != DT_NULL))
                        return false;
                ended = d.d_tag == DT_NULL;
                if (!ended)
                        take_entry(ret, &d);
        }
        return ended;
}

/* -- symbols -- */

struct symbols {
        uint64_t at, count;         /* in the file */
        uint64_t names, names_size; /* their texts; the last byte is a zero */
};

/* A table of texts begins and ends with a zero; without the latter every look at a name would run
 * on. */
static bool has_texts(const struct file *f, const struct symbols *s)
{
        return s->names_size != 0 && has(f, s->names, s->names_size) &&
               f->bytes[s->names] == '\0' &&
               f->bytes[s->names + s->names_size - 1] == '\0';
}

/* The chains of DT_GNU_HASH end with the last symbol. */
static uint64_t count_by_gnu_hash(const struct file *f, uint64_t address)
{
        uint32_t head[4], bucket, last = 0, hash;
        uint64_t at, left, buckets, chains;

        if (!offset_of(f, address, &at, &left) || left < sizeof(head) ||
            !read_at(f, at, head, sizeof(head)))
                return 0;
        if (head[0] == 0 || head[2] == 0 || (head[2] & (head[2] - 1)) != 0)
                return 0; /* one is divided by, the other is a mask */
        buckets = at + sizeof(head) + (uint64_t)head[2] * 8;
        chains = buckets + (uint64_t)head[0] * 4;
        if (!has(f, buckets, (uint64_t)head[0] * 4))
                return 0;
        for (uint32_t i = 0; i < head[0]; i++) {
                if (!read_at(f, buckets + (uint64_t)i * 4, &bucket, 4) ||
                    (bucket != 0 && bucket < head[1]))
                        return 0; /* none of those with chains */
                if (bucket > last)
                        last = bucket;
        }
        if (last == 0)
                return head[1];
        for (;; last++) {
                if (!read_at(f, chains + (uint64_t)(last - head[1]) * 4, &hash, 4))
                        return 0;
                if (hash & 1)
                        return (uint64_t)last + 1;
        }
}

/* Every table of symbols begins with one that is nothing. */
static bool begins_with_none(const struct file *f, const struct symbols *s)
{
        static const Elf64_Sym none;
        Elf64_Sym first;

        return read_at(f, s->at, &first, sizeof(first)) &&
               memcmp(&first, &none, sizeof(none)) == 0;
}

static bool dynamic_symbols(const struct file *f, const struct dynamic *d,
                            struct symbols *ret)
{
        uint64_t left, hash_at;
        uint32_t counts[2];

        memset(ret, 0, sizeof(*ret));
        if (!is_there(d, DT_SYMTAB) || !is_there(d, DT_STRTAB) ||
            !offset_of(f, d->value[DT_SYMTAB], &ret->at, &left) ||
            !offset_of(f, d->value[DT_STRTAB], &ret->names, &ret->names_size))
                return false;
        if (d->value[DT_STRSZ] < ret->names_size)
                ret->names_size = d->value[DT_STRSZ];
        ret->count = 0;
        if (d->gnu_hash != 0) /* of two the loader takes this one */
                ret->count = count_by_gnu_hash(f, d->gnu_hash);
        else if (is_there(d, DT_HASH) &&
                 offset_of(f, d->value[DT_HASH], &hash_at, &left) &&
                 read_at(f, hash_at, counts, sizeof(counts)))
                ret->count = counts[1];
        if (ret->count > (f->size - ret->at) / sizeof(Elf64_Sym))
                ret->count = (f->size - ret->at) / sizeof(Elf64_Sym);
        return ret->count != 0 && begins_with_none(f, ret) && has_texts(f, ret);
}

static bool all_symbols(const struct file *f, struct symbols *ret)
{
        Elf64_Shdr table, names;

        for (unsigned i = 0; section(f, i, &table); i++) {
                if (table.sh_type != SHT_SYMTAB || !section(f, table.sh_link, &names) ||
                    !has(f, table.sh_offset, table.sh_size) ||
                    !has(f, names.sh_offset, names.sh_size))
                        continue;
                *ret = (struct symbols){ table.sh_offset,
                                         table.sh_size / sizeof(Elf64_Sym),
                                         names.sh_offset, names.sh_size };
                return has_texts(f, ret);
        }
        return false;
}

static bool symbol(const struct file *f, const struct symbols *s, uint64_t i,
                   Elf64_Sym *ret, const char **ret_name)
{
        if (!read_at(f, s->at + i * sizeof(*ret), ret, sizeof(*ret)) ||
            ret->st_name >= s->names_size)
                return false;
        *ret_name = (const char *)f->bytes + s->names + ret->st_name;
        return true;
}

/* -- relocations: the loader writes where they say, and looks at nothing -- */

static bool may_write_text(const struct dynamic *d)
{
        return is_there(d, DT_TEXTREL) || (d->value[DT_FLAGS] & DF_TEXTREL) != 0;
}

/* What the loader calls, by what it finds in a table, is code. */
static bool is_called(const struct dynamic *d, uint64_t slot)
{
        return slot - d->value[DT_INIT_ARRAY] < d->value[DT_INIT_ARRAYSZ] ||
               slot - d->value[DT_FINI_ARRAY] < d->value[DT_FINI_ARRAYSZ];
}

/* A word to which the loader adds where the module lies. */
static bool is_pointer(const struct file *f, const struct dynamic *d, uint64_t slot,
                       uint64_t target)
{
        return is_called(d, slot) ? is_mapped(f, target, 1, PF_X)
                                  : is_mapped(f, target, 0, 0);
}

static bool is_relocation(const struct file *f, const struct dynamic *d, uint64_t symbols,
                          const Elf64_Rela *r)
{
        uint64_t type = ELF64_R_TYPE(r->r_info), addend = (uint64_t)r->r_addend;

        return type < RELOCATION_TYPES &&
               has(f, symbols + ELF64_R_SYM(r->r_info) * sizeof(Elf64_Sym),
                   sizeof(Elf64_Sym)) &&
               is_mapped(f, r->r_offset, sizeof(uint64_t),
                         may_write_text(d) ? 0 : PF_W) &&
               (type != RELATIVE || is_pointer(f, d, r->r_offset, addend)) &&
               (type != IRELATIVE || is_mapped(f, addend, 1, PF_X));
}

/* The first `relative` of them are taken for such by the loader, whatever they are. */
static bool are_relocations(const struct file *f, const struct dynamic *d,
                            uint64_t symbols, uint64_t address, uint64_t size,
                            uint64_t relative)
{
        uint64_t at, left;
        Elf64_Rela r;

        if (size == 0)
                return relative == 0;
        if (!offset_of(f, address, &at, &left) || size > left || size % sizeof(r) != 0 ||
            relative > size / sizeof(r))
                return false;
        for (uint64_t i = 0; i < size / sizeof(r); i++)
                if (!read_at(f, at + i * sizeof(r), &r, sizeof(r)) ||
                    !is_relocation(f, d, symbols, &r) ||
                    (i < relative && ELF64_R_TYPE(r.r_info) != RELATIVE))
                        return false;
        return true;
}

/* A word of a packed table: an address, or, if odd, bits for the 63 words from `*next` on. */
static bool is_packed(const struct file *f, const struct dynamic *d, uint64_t word,
                      uint64_t *next)
{
        uint64_t bits = 1, slot = word, at, left, target;

        if ((word & 1) != 0) {
                bits = word >> 1;
                slot = *next;
        }
        *next = slot + ((word & 1) != 0 ? 63 : 1) * sizeof(word);
        for (; bits != 0; bits >>= 1, slot += sizeof(word)) {
                if ((bits & 1) == 0)
                        continue;
                if (!is_mapped(f, slot, sizeof(word), PF_W) ||
                    !offset_of(f, slot, &at, &left) ||
                    !read_at(f, at, &target, sizeof(target)) ||
                    !is_pointer(f, d, slot, target))
                        return false;
        }
        return true;
}

static bool are_packed_relocations(const struct file *f, const struct dynamic *d)
{
        uint64_t at, left, word, next = 0, size = d->value[DT_RELRSZ];

        if (size == 0)
                return true;
        if (!offset_of(f, d->value[DT_RELR], &at, &left) || size > left ||
            size % sizeof(word) != 0)
                return false;
        for (uint64_t i = 0; i < size; i += sizeof(word))
                if (!read_at(f, at + i, &word, sizeof(word)) ||
                    !is_packed(f, d, word, &next))
                        return false;
        return true;
}

/* The loader ends the program if an entry is not as long as it believes. */
static bool are_entries(const struct dynamic *d)
{
        return !is_there(d, DT_REL) && !is_there(d, DT_RELSZ) &&
               !is_there(d, DT_RELENT) &&
               is_there(d, DT_RELA) == is_there(d, DT_RELASZ) &&
               is_there(d, DT_RELA) == is_there(d, DT_RELAENT) &&
               is_there(d, DT_RELR) == is_there(d, DT_RELRSZ) &&
               is_there(d, DT_RELR) == is_there(d, DT_RELRENT) &&
               is_there(d, DT_JMPREL) == is_there(d, DT_PLTRELSZ) &&
               is_there(d, DT_JMPREL) == is_there(d, DT_PLTREL) &&
               (!is_there(d, DT_RELAENT) || d->value[DT_RELAENT] == sizeof(Elf64_Rela)) &&
               (!is_there(d, DT_RELRENT) || d->value[DT_RELRENT] == sizeof(uint64_t)) &&
               (!is_there(d, DT_PLTREL) || d->value[DT_PLTREL] == DT_RELA) &&
               d->value[DT_SYMENT] == sizeof(Elf64_Sym);
}

/* A table of functions that are called when it is loaded, or goes. */
static bool are_functions(const struct file *f, const struct dynamic *d, unsigned table,
                          unsigned size)
{
        return is_there(d, table) == is_there(d, size) &&
               d->value[table] % sizeof(uint64_t) == 0 &&
               d->value[size] % sizeof(uint64_t) == 0 &&
               (d->value[size] == 0 ||
                is_mapped(f, d->value[table], d->value[size], PF_W));
}

static bool is_function(const struct file *f, const struct dynamic *d, unsigned tag)
{
        return !is_there(d, tag) || is_mapped(f, d->value[tag], 1, PF_X);
}

/* Also what it would call, and the table that it fills in. */
static const char *check_relocations(const struct file *f, const struct dynamic *d,
                                     uint64_t symbols)
{
        const uint64_t *v = d->value;

        if (are_entries(d) && is_function(f, d, DT_INIT) && is_function(f, d, DT_FINI) &&
            are_functions(f, d, DT_INIT_ARRAY, DT_INIT_ARRAYSZ) &&
            are_functions(f, d, DT_FINI_ARRAY, DT_FINI_ARRAYSZ) &&
            (v[DT_PLTRELSZ] == 0 ||
             is_mapped(f, v[DT_PLTGOT], 3 * sizeof(uint64_t), PF_W)) &&
            are_relocations(f, d, symbols, v[DT_RELA], v[DT_RELASZ], d->relative_count) &&
            are_relocations(f, d, symbols, v[DT_JMPREL], v[DT_PLTRELSZ], 0) &&
            are_packed_relocations(f, d))
                return NULL;
        return "its relocations are damaged";
}

/* -- what it would do -- */

/* Does the address lie in a segment that stays writable? RELRO's part does not. */
static bool is_writable(const struct file *f, uint64_t address)
{
        Elf64_Phdr p;
        bool writable = false;

        for (unsigned i = 0; i < f->header.e_phnum; i++) {
                if (!segment(f, i, &p) || address < p.p_vaddr ||
                    address - p.p_vaddr >= p.p_memsz)
                        continue;
                if (p.p_type == PT_GNU_RELRO)
                        return false;
                if (p.p_type == PT_LOAD && (p.p_flags & PF_W) != 0)
                        writable = true;
        }
        return writable;
}

static void add_static(struct kri_elf *e, const char *name, uint64_t size)
{
        uint32_t at = e->static_count;

        if (at == KRI_ELF_STATICS_MAX && e->statics[--at].size >= size)
                return;
        for (; at > 0 && e->statics[at - 1].size < size; at--)
                e->statics[at] = e->statics[at - 1];
        e->statics[at] = (struct kri_elf_static){ name, size };
        if (e->static_count < KRI_ELF_STATICS_MAX)
                e->static_count++;
}

/* A static variable of a function: kri_x.7 by gcc, function.kri_x by clang, and the length of the
 * name before it in C++. */
static bool has_our_prefix(const char *name)
{
        const char *at = strstr(name, "kri_");

        return at != NULL && (at == name || at[-1] == '.' ||
                              (at[-1] >= '0' && at[-1] <= '9' && name[0] == '_'));
}

/* Call sites and atoms remember in static variables what they have looked up; the C start-up
 * files, libgcc and sanitizers have some of their own. Those mean nothing to the module. */
static bool is_ours(const char *name)
{
        static const char *const begins[] = { "krarup_module", "completed.",
                                              "__dso_handle",  "__aarch64_have_",
                                              "__odr_asan",    "__asan",
                                              "__ubsan",       "__tsan" };

        if (has_our_prefix(name))
                return true;
        for (unsigned i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
                if (strncmp(name, begins[i], strlen(begins[i])) == 0)
                        return true;
        return false;
}

static void read_abi(const struct file *f, const Elf64_Sym *s, struct kri_elf *e)
{
        uint64_t at, left;
        uint32_t abi;

        if (offset_of(f, s->st_value, &at, &left) && left >= sizeof(abi) &&
            read_at(f, at, &abi, sizeof(abi)))
                e->abi = abi;
}

static void read_name(const struct file *f, const Elf64_Sym *s, struct kri_elf *e)
{
        uint64_t at, left;

        if (offset_of(f, s->st_value, &at, &left) && s->st_size > 1 &&
            s->st_size <= 256 && s->st_size <= left &&
            f->bytes[at + s->st_size - 1] == '\0')
                e->name = (const char *)f->bytes + at;
}

static void look_at_symbol(const struct file *f, const Elf64_Sym *s, const char *name,
                           bool whole, struct kri_elf *e)
{
        unsigned type = ELF64_ST_TYPE(s->st_info), bind = ELF64_ST_BIND(s->st_info);

        if (s->st_shndx == SHN_UNDEF)
                return;
        if (bind == STB_UNIQUE && e->unique == NULL)
                e->unique = name;
        if (type == STT_TLS && (e->thread_local_ == NULL || e->thread_local_[0] == '\0'))
                e->thread_local_ = name;
        if (type == STT_OBJECT && strcmp(name, "krarup_module") == 0)
                e->has_descriptor = true;
        if (type == STT_OBJECT && strcmp(name, "krarup_module_abi") == 0)
                read_abi(f, s, e);
        if (type == STT_OBJECT && strcmp(name, "krarup_module_name") == 0)
                read_name(f, s, e);
        if (whole && type == STT_OBJECT && s->st_size != 0 && !is_ours(name) &&
            is_writable(f, s->st_value))
                add_static(e, name, s->st_size);
}

static void look_at_symbols(const struct file *f, const struct symbols *s, bool statics,
                            struct kri_elf *e)
{
        Elf64_Sym sym;
        const char *name;

        for (uint64_t i = 0; i < s->count; i++)
                if (symbol(f, s, i, &sym, &name))
                        look_at_symbol(f, &sym, name, statics, e);
}

static uint64_t bytes_of_statics(const struct kri_elf *e)
{
        uint64_t bytes = 0;

        for (uint32_t i = 0; i < e->static_count; i++)
                bytes += e->statics[i].size;
        return bytes;
}

/* Of a file without symbols: what stays writable cannot be told apart. */
static uint64_t writable_bytes(const struct file *f)
{
        uint64_t bytes = 0, relro = 0;
        Elf64_Phdr p;

        for (unsigned i = 0; i < f->header.e_phnum; i++) {
                if (!segment(f, i, &p))
                        break;
                if (p.p_type == PT_LOAD && (p.p_flags & PF_W) != 0)
                        bytes += p.p_memsz;
                if (p.p_type == PT_GNU_RELRO)
                        relro = p.p_memsz;
        }
        return bytes > relro ? bytes - relro : 0;
}

/* Notes: three words, then the owner's name and the bytes, each padded to a multiple of 4. */
static void read_notes(const struct file *f, const Elf64_Phdr *p, struct kri_elf *e)
{
        uint64_t at = p->p_offset, end = p->p_offset + p->p_filesz;
        uint32_t head[3];

        if (!has(f, p->p_offset, p->p_filesz))
                return;
        while (end - at >= sizeof(head) && read_at(f, at, head, sizeof(head))) {
                uint64_t name = at + sizeof(head);
                uint64_t bytes = name + ((uint64_t)head[0] + 3) / 4 * 4;
                uint64_t next = bytes + ((uint64_t)head[1] + 3) / 4 * 4;

                if (next > end || next <= at)
                        return;
                if (head[2] == NT_GNU_BUILD_ID && head[0] == 4 &&
                    memcmp(f->bytes + name, "GNU", 4) == 0) {
                        e->build_id_len = head[1] < KRI_ELF_BUILD_ID_MAX
                                                  ? head[1]
                                                  : KRI_ELF_BUILD_ID_MAX;
                        memcpy(e->build_id, f->bytes + bytes, e->build_id_len);
                        return;
                }
                at = next;
        }
}

static bool needs_krarup(const struct file *f, const struct symbols *s,
                         const struct dynamic *d)
{
        for (uint32_t i = 0; i < d->needed_count; i++)
                if (d->needed[i] < s->names_size &&
                    strncmp((const char *)f->bytes + s->names + d->needed[i],
                            "libkrarup.so", 12) == 0)
                        return true;
        return false;
}

static void look_at_segments(const struct file *f, struct kri_elf *e)
{
        Elf64_Phdr p;

        for (unsigned i = 0; i < f->header.e_phnum; i++) {
                if (!segment(f, i, &p))
                        return;
                if (p.p_type == PT_TLS && p.p_memsz != 0 && e->thread_local_ == NULL)
                        e->thread_local_ = "";
                if (p.p_type == PT_NOTE && e->build_id_len == 0)
                        read_notes(f, &p, e);
        }
}

const char *kri_elf_read(const uint8_t *bytes, size_t size, struct kri_elf *ret)
{
        struct file f = { .bytes = bytes, .size = size };
        const char *wrong = read_header(&f);
        struct symbols symbols;
        struct dynamic dynamic;

        memset(ret, 0, sizeof(*ret));
        if (wrong == NULL)
                wrong = check_segments(&f);
        if (wrong != NULL)
                return wrong;
        if (!read_dynamic(&f, &dynamic))
                return "its dynamic section is damaged";
        if (!dynamic_symbols(&f, &dynamic, &symbols))
                return "its symbols are damaged";
        wrong = check_relocations(&f, &dynamic, symbols.at);
        if (wrong != NULL)
                return wrong;
        ret->nodelete = (dynamic.flags_1 & DF_1_NODELETE) != 0;
        if (is_there(&dynamic, DT_SONAME) &&
            dynamic.value[DT_SONAME] < symbols.names_size)
                ret->soname =
                        (const char *)bytes + symbols.names + dynamic.value[DT_SONAME];
        ret->needs_krarup = needs_krarup(&f, &symbols, &dynamic);
        look_at_segments(&f, ret);
        look_at_symbols(&f, &symbols, false, ret);
        if (all_symbols(&f, &symbols))
                look_at_symbols(&f, &symbols, true, ret);
        else
                add_static(ret, "", writable_bytes(&f));
        ret->static_bytes = bytes_of_statics(ret);
        return NULL;
}
