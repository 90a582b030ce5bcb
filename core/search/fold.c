#include "search/fold.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/str.h"
#include "codec/codec.h"

enum { TABLE_SIZE = 0x10000, REPLACEMENT = 0xFFFD };

/* Beyond canonical decomposition: a character and the ASCII character that it is found by,
 * alternately. These are the one-character rules of CLDR's Latin-ASCII, which Firefox uses too,
 * as far as they don't give white space. */
static const char ascii_forms[] =
    "¡!\u00AD-¿?×*ðd÷/"
    "øođdħhıiĸqŀlłlŋnŧtſsƀbƃbƈcƌdƒfƙkƚlƞnƥpƫtƭtƴyƶzǥgǿoȡdȥzȴlȵnȶtȷjȼcȿsɀzɇeɉjɍrɏyɓbɕcɖdɗdɛeɟjɠgɡgɢg"
    "ɦhɧhɨiɪi"
    "ɫlɬlɭlɱmɲnɳnɴnɼrɽrɾrʀrʂsʈtʉuʋvʏyʐzʑzʙbʛgʜhʝjʟlʠqʹ'ʺ\"ʻ'ʼ'ʽ'˂<˃>˄^ˆ^ˈ'ˋ`ː:˖+˗-˜~ʹ';;"
    "ᴀaᴃbᴄcᴅdᴆdᴇeᴊjᴋkᴌlᴍmᴏoᴘpᴛtᴜuᴠvᴡwᴢzᵬb"
    "ᵭdᵮfᵯmᵰnᵱpᵲrᵳrᵴsᵵtᵶzᵻiᵽpᵾuᶀbᶁdᶂfᶃgᶄkᶅlᶆmᶇnᶈpᶉrᶊsᶌvᶍxᶎzᶏaᶑdᶒeᶓeᶖiᶙuẚaẛsẜsẝsỽvỿy‐-‑-‒-–-—-―-‘'’'"
    "‚,‛'“\"”\"‟\"․.′'″\"‹<›>⁄/"
    "⁅[⁆]⁎*ℂcℊgℋhℌxℍhℎhℐiℑiℒlℓlℕn℘pℙpℚqℛrℜrℝrℤzℨzℬbℭcℯeℰeℱfℳmℴoℹiⅅdⅆdⅇeⅈiⅉjⅰiⅴvⅹxⅼlⅽcⅾdⅿm−-∕/"
    "∖\\∣|〈<〉>ⱡlⱥaⱦtⱨhⱪkⱬzⱱvⱳwⱴvⱸe"
    "ⱺo、,。.〇0〈<〉>〔[〕]〘[〙]〚[〛]"
    "〝\"〞\"ꜰfꜱsꝁkꝃkꝅkꝇlꝉlꝋoꝍoꝑpꝓpꝕpꝗqꝙqꝟvꝱdꝲlꝳmꝴnꝵrꝶrꝷtꝺdꝼfꞇtꞑnꞓcꞡgꞣkꞥnꞧrꞩs︐,︑,︒.︓:"
    "︔;︕!︖?︱-︲-︵(︶)︷{︸}︹[︺]︿<﹀>﹇[﹈]﹐,﹑,﹒.﹔;﹕:﹖?﹗!﹘-﹙(﹚)﹛{﹜}﹝[﹞]﹟#﹠&"
    "﹡*﹢+﹣-﹤<﹥>﹦=﹨\\﹩$"
    "﹪%﹫@！!＂\"＃#＄$％%＆&＇'（(）)＊*＋+，,－-．.／/"
    "０0１1２2３3４4５5６6７7８8９9：:；;＜<＝=＞>？?＠@［[＼\\］]＾^＿_"
    "｀`ａaｂbｃcｄdｅeｆfｇgｈhｉiｊjｋkｌlｍmｎnｏoｐpｑqｒrｓsｔtｕuｖvｗwｘxｙyｚz｛{｜|｝}～~"
    "｡.､,";

/* What fold_char() gives below U+10000. 128 KiB, filled once. */
static uint16_t table[TABLE_SIZE];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

/* Marks that are ignored in comparisons: not Hangul parts, not kana voicing, not viramas, not
 * some Tibetan vowels. */
static bool is_accent(uint32_t c)
{
    int class = (int)utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
    return class != 0 && class != 8 && class != 9 && class != 91 && class != 129 && class != 130 &&
           class != 132;
}

static uint32_t without_accent(uint32_t c)
{
    if (is_accent(c))
        return 0;
    if (utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_SM)
        return c;
    enum { MAX_PARTS = 8 };
    utf8proc_int32_t parts[MAX_PARTS];
    int last_class = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, MAX_PARTS,
                                                 UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &last_class);
    return n >= 2 && n <= MAX_PARTS && parts[0] < TABLE_SIZE && is_accent((uint32_t)parts[1])
               ? (uint32_t)parts[0]
               : c;
}

static void fill_table(void)
{
    for (uint32_t c = 0; c < TABLE_SIZE; c++) {
        bool surrogate = c >= 0xD800 && c < 0xE000;
        table[c] = surrogate
                       ? REPLACEMENT
                       : (uint16_t)without_accent((uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
    }
    for (size_t at = 0; at < sizeof(ascii_forms) - 1; at++) {
        uint32_t c = str_next_char(ascii_forms, sizeof(ascii_forms) - 1, &at);
        table[c] = (uint8_t)ascii_forms[at];
    }
    /* Upper case of those with an ASCII form. */
    for (uint32_t c = 0x80; c < TABLE_SIZE; c++) {
        uint32_t lower = (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
        if (lower != c && lower < TABLE_SIZE)
            table[c] = table[lower];
    }
}

/* The folded form of a code point; 0: nothing is left (a combining accent). */
static uint32_t fold_char(uint32_t c)
{
    pthread_once(&table_once, fill_table);
    return c < TABLE_SIZE ? table[c] : (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

/* Decodes a character that is not ASCII; a malformed byte is one REPLACEMENT. */
static uint32_t fold_decode_char(const uint8_t *text, size_t size, size_t *at)
{
    uint8_t first = text[*at];
    size_t more = first >= 0xF0 && first < 0xF5 ? 3 : first >= 0xE0 ? 2 : 1;
    uint32_t c = first & (0x3Fu >> more);
    if (first < 0xC2 || first >= 0xF5 || size - *at <= more) {
        (*at)++;
        return REPLACEMENT;
    }
    for (size_t i = 1; i <= more; i++) {
        if ((text[*at + i] & 0xC0) != 0x80) {
            (*at)++;
            return REPLACEMENT;
        }
        c = c << 6 | (text[*at + i] & 0x3Fu);
    }
    *at += more + 1;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    return c < least[more] || c > 0x10FFFF ? REPLACEMENT : c;
}

struct output {
    char *text;
    uint8_t *starts;
    size_t size, first_bit;
    bool after_letter; /* the byte before, as it was, is an ASCII letter */
};

static void fold_mark_start(struct output *out)
{
    if (out->starts != NULL) {
        size_t bit = out->first_bit + out->size;
        out->starts[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
}

static void fold_ascii(struct output *out, uint8_t c)
{
    bool is_lower = c >= 'a' && c <= 'z', is_upper = c >= 'A' && c <= 'Z';
    if (!is_lower || !out->after_letter)
        fold_mark_start(out);
    out->text[out->size++] = codec_lower((char)c);
    out->after_letter = is_lower || is_upper;
}

#if defined(__SSE2__)
/* The same for 16 bytes at once; false if one of them isn't ASCII. */
static bool fold_ascii_block(struct output *out, const uint8_t *text)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    if (_mm_movemask_epi8(bytes) != 0)
        return false;
    __m128i lower = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('a' - 1)),
                                  _mm_cmplt_epi8(bytes, _mm_set1_epi8('z' + 1)));
    __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)),
                                  _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1)));
    uint32_t is_lower = (uint32_t)_mm_movemask_epi8(lower),
             is_letter = is_lower | (uint32_t)_mm_movemask_epi8(upper);
    _mm_storeu_si128((__m128i *)(void *)(out->text + out->size),
                     _mm_add_epi8(bytes, _mm_and_si128(upper, _mm_set1_epi8('a' - 'A'))));
    if (out->starts != NULL) {
        uint32_t starts = ~(is_lower & (is_letter << 1 | out->after_letter)) & 0xFFFF;
        size_t bit = out->first_bit + out->size;
        uint32_t word;
        memcpy(&word, out->starts + bit / 8, sizeof(word));
        word |= starts << bit % 8;
        memcpy(out->starts + bit / 8, &word, sizeof(word));
    }
    out->size += 16;
    out->after_letter = is_letter >> 15;
    return true;
}
#else
static bool fold_ascii_block(struct output *out, const uint8_t *text)
{
    return false;
}
#endif

size_t search_fold_text(const char *text, size_t size, char *ret_text, uint8_t *ret_starts,
                        size_t first_bit)
{
    const uint8_t *bytes = (const uint8_t *)text;
    struct output out = {.text = ret_text, .starts = ret_starts, .first_bit = first_bit};
    for (size_t at = 0; at < size;) {
        if (size - at >= 16 && fold_ascii_block(&out, bytes + at)) {
            at += 16;
            continue;
        }
        /* To the end of the text, or over the characters that kept the block from being ASCII. */
        size_t stop = size - at >= 16 ? at + 16 : size;
        while (at < stop) {
            if (bytes[at] < 0x80) {
                fold_ascii(&out, bytes[at++]);
                continue;
            }
            uint32_t c = fold_char(fold_decode_char(bytes, size, &at));
            out.after_letter = false;
            if (c != 0) {
                fold_mark_start(&out);
                out.size += str_put_char(out.text + out.size, c);
            }
        }
    }
    return out.size;
}

size_t search_fold_cut(const char *text, size_t size, size_t max)
{
    if (size <= max)
        return size;
    size_t n = max;
    while (n > 0 && ((uint8_t)text[n] & 0xC0) == 0x80)
        n--;
    return n;
}
