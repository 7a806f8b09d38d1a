/* SPDX-License-Identifier: Apache-2.0 */
/* unique.cc: a static of a template, which g++ makes GNU-unique: such an object never goes. */
#include <krarup/module.h>

template <typename type> struct cache {
        static int count;
};
template <typename type> int cache<type>::count = 0;

KR_FUNCTION(run)
{
        return kr_build("~", ++cache<int>::count);
}

static const kr_export exports[] = { KR_EXPORT(run) };

KR_MODULE(unique, .version = "1", KR_EXPORTS(exports));
