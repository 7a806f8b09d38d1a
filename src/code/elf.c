/* SPDX-License-Identifier: Apache-2.0 */
#include "elf.h"

#include <elf.h>
#include <string.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define RELOCATION_TYPES 43u
#define RELATIVE R_X86_64_RELATIVE
#else
#define MACHINE EM_AARCH64
#define RELOCATION_TYPES 1033u
#define RELATIVE R_AARCH64_RELATIVE
#endif

#define SEGMENTS_MAX 64u
#define NEEDED_MAX 64u
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

struct dynamic {
        uint64_t symtab, strtab, strsz, soname, hash, gnu_hash, flags_1;
        uint64_t init, fini, got, rela, rela_size, plt_rela, plt_rela_size;
        bool has_text_relocations;
        uint64_t needed[NEEDED_MAX];
        uint32_t needed_count;
        bool has_soname;
};

static void read_dynamic(const struct file *f, struct dynamic *ret)
{
        Elf64_Phdr p = { 0 };
        Elf64_Dyn d;

        memset(ret, 0, sizeof(*ret));
        for (unsigned i = 0; i < f->header.e_phnum; i++)
                if (segment(f, i, &p) && p.p_type == PT_DYNAMIC)
                        break;
        for (uint64_t at = 0; at + sizeof(d) <= p.p_filesz; at += sizeof(d)) {
                if (!read_at(f, p.p_offset + at, &d, sizeof(d)) || d.d_tag == DT_NULL)
                        return;
                switch (d.d_tag) {
                case DT_SYMTAB:
                        ret->symtab = d.d_un.d_ptr;
                        break;
                case DT_STRTAB:
                        ret->strtab = d.d_un.d_ptr;
                        break;
                case DT_STRSZ:
                        ret->strsz = d.d_un.d_val;
                        break;
                case DT_HASH:
                        ret->hash = d.d_un.d_ptr;
                        break;
                case DT_GNU_HASH:
                        ret->gnu_hash = d.d_un.d_ptr;
                        break;
                case DT_INIT:
                        ret->init = d.d_un.d_ptr;
                        break;
                case DT_FINI:
                        ret->fini = d.d_un.d_ptr;
                        break;
                case DT_PLTGOT:
                        ret->got = d.d_un.d_ptr;
                        break;
                case DT_RELA:
                        ret->rela = d.d_un.d_ptr;
                        break;
                case DT_RELASZ:
                        ret->rela_size = d.d_un.d_val;
                        break;
                case DT_JMPREL:
                        ret->plt_rela = d.d_un.d_ptr;
                        break;
                case DT_PLTRELSZ:
                        ret->plt_rela_size = d.d_un.d_val;
                        break;
                case DT_TEXTREL:
                        ret->has_text_relocations = true;
                        break;
                case DT_FLAGS:
                        ret->has_text_relocations |= (d.d_un.d_val & DF_TEXTREL) != 0;
                        break;
                case DT_FLAGS_1:
                        ret->flags_1 = d.d_un.d_val;
                        break;
                case DT_NEEDED:
                        if (ret->needed_count < NEEDED_MAX)
                                ret->needed[ret->needed_count++] = d.d_un.d_val;
                        break;
                case DT_SONAME:
                        ret->soname = d.d_un.d_val;
                        ret->has_soname = true;
                        break;
                default:
                        break;
                }
        }
}

/* -- symbols -- */

struct symbols {
        uint64_t at, count;         /* in the file */
        uint64_t names, names_size; /* their texts; the last byte is a zero */
};

/* A table of texts that does not end with a zero would have every look at a name run on. */
static bool has_texts(const struct file *f, const struct symbols *s)
{
        return s->names_size != 0 && has(f, s->names, s->names_size) &&
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
        buckets = at + sizeof(head) + (uint64_t)head[2] * 8;
        chains = buckets + (uint64_t)head[0] * 4;
        if (!has(f, buckets, (uint64_t)head[0] * 4))
                return 0;
        for (uint32_t i = 0; i < head[0]; i++)
                if (read_at(f, buckets + (uint64_t)i * 4, &bucket, 4) && bucket > last)
                        last = bucket;
        if (last < head[1])
                return head[1];
        for (;; last++) {
                if (!read_at(f, chains + (uint64_t)(last - head[1]) * 4, &hash, 4))
                        return 0;
                if (hash & 1)
                        return (uint64_t)last + 1;
        }
}

static bool dynamic_symbols(const struct file *f, const struct dynamic *d,
                            struct symbols *ret)
{
        uint64_t left, hash_at;
        uint32_t counts[2];

        memset(ret, 0, sizeof(*ret));
        if (!offset_of(f, d->symtab, &ret->at, &left) ||
            !offset_of(f, d->strtab, &ret->names, &ret->names_size))
                return false;
        if (d->strsz < ret->names_size)
                ret->names_size = d->strsz;
        ret->count = 0;
        if (d->hash != 0 && offset_of(f, d->hash, &hash_at, &left) &&
            read_at(f, hash_at, counts, sizeof(counts)))
                ret->count = counts[1];
        else if (d->gnu_hash != 0)
                ret->count = count_by_gnu_hash(f, d->gnu_hash);
        if (ret->count > (f->size - ret->at) / sizeof(Elf64_Sym))
                ret->count = (f->size - ret->at) / sizeof(Elf64_Sym);
        return ret->count != 0 && has_texts(f, ret);
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

static bool is_relocation(const struct file *f, const struct dynamic *d, uint64_t symbols,
                          const Elf64_Rela *r)
{
        uint64_t type = ELF64_R_TYPE(r->r_info);

        return type < RELOCATION_TYPES &&
               has(f, symbols + ELF64_R_SYM(r->r_info) * sizeof(Elf64_Sym),
                   sizeof(Elf64_Sym)) &&
               is_mapped(f, r->r_offset, sizeof(uint64_t),
                         d->has_text_relocations ? 0 : PF_W) &&
               (type != RELATIVE || is_mapped(f, (uint64_t)r->r_addend, 0, 0));
}

static bool are_relocations(const struct file *f, const struct dynamic *d,
                            uint64_t symbols, uint64_t address, uint64_t size)
{
        uint64_t at, left;
        Elf64_Rela r;

        if (size == 0)
                return true;
        if (!offset_of(f, address, &at, &left) || size > left || size % sizeof(r) != 0)
                return false;
        for (uint64_t end = at + size; at < end; at += sizeof(r))
                if (!read_at(f, at, &r, sizeof(r)) || !is_relocation(f, d, symbols, &r))
                        return false;
        return true;
}

/* Also what it would call, and the table that it fills in. */
static const char *check_relocations(const struct file *f, const struct dynamic *d,
                                     uint64_t symbols)
{
        if ((d->init != 0 && !is_mapped(f, d->init, 1, PF_X)) ||
            (d->fini != 0 && !is_mapped(f, d->fini, 1, PF_X)) ||
            (d->plt_rela_size != 0 &&
             !is_mapped(f, d->got, 3 * sizeof(uint64_t), PF_W)) ||
            !are_relocations(f, d, symbols, d->rela, d->rela_size) ||
            !are_relocations(f, d, symbols, d->plt_rela, d->plt_rela_size))
                return "its relocations are damaged";
        return NULL;
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
        read_dynamic(&f, &dynamic);
        if (!dynamic_symbols(&f, &dynamic, &symbols))
                return "its symbols are damaged";
        wrong = check_relocations(&f, &dynamic, symbols.at);
        if (wrong != NULL)
                return wrong;
        ret->nodelete = (dynamic.flags_1 & DF_1_NODELETE) != 0;
        if (dynamic.has_soname && dynamic.soname < symbols.names_size)
                ret->soname = (const char *)bytes + symbols.names + dynamic.soname;
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
