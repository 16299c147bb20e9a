/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that read the same in a script must match: capitals, marks put together or apart, joiners, marks of direction, digits,
 * punctuation, scripts without blanks, and what is glued to a value. */
#include "make.h"

struct scripts {
    const char *language, *yaml; /* sentences, and lists if there are any */
    const char *typed, *expected;
};

static void check(const struct scripts cases[], size_t n) {
    for (size_t i = 0; i < n; i++) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml, "language: %s\nsentences: %s\n", cases[i].language, cases[i].yaml);
        struct grammar *g = make_grammar(yaml);
        if (strcmp(reading(g, cases[i].typed), cases[i].expected) != 0)
            fail_msg("%s: \"%s\" is %s, not %s", cases[i].language, cases[i].typed, reading(g, cases[i].typed), cases[i].expected);
        grammar_free(g);
    }
}

#define CHECK(cases) check((cases), sizeof(cases) / sizeof *(cases))

static void capitals(void **state) {
    static const struct scripts cases[] = {
        {"el", "['άναψε το φως']", "ΆΝΑΨΕ ΤΟ ΦΩΣ", "|"},
        {"tr", "['ışığı aç']", "IŞIĞI AÇ", "|"},
        {"tr", "['ışığı aç']", "işiği aç", "|"}, /* as hassil */
        {"tr", "['istanbul']", "İSTANBUL", "|"},
        {"tr", "['istanbul']", "i\u0307stanbul", "|"}, /* what programs make of the capital */
        {"de", "['heiße {x}']\nlists: {x: {values: [Straße]}}", "HEISSE STRASSE", "|x=Straße"},
        {"de", "['heisse {x}']\nlists: {x: {wildcard: true}}", "heiße Straße", "|x=Straße"},
        {"ka", "['{a}ში ჩართე']\nlists: {a: {values: [სამზარეულო]}}", "ᲡᲐᲛᲖᲐᲠᲔᲣᲚᲝᲨᲘ ჩართე",
         "|a=სამზარეულო"},
        {"hy", "['և {x}']\nlists: {x: {wildcard: true}}", "ԵՒ խոհանոց", "|x=խոհանոց"},
        {"hr", "['upali {x}']\nlists: {x: {values: [džep]}}", "upali ǆep", "|x=džep"},
        {"lt", "['įjunk išmanų']", "Įjunk i\u0307šmanų", "|"},
        {"ro", "['luminează ușa {x}']\nlists: {x: {values: [Țara]}}", "luminează uşa ţara", "|x=Țara"},
        {"ro", "['închide uşa']", "ÎNCHIDE UȘA", "|"},
        {"tr", "['şalteri aç']", "ŞALTERİ AÇ", "|"},
        {"nl", "['zet {x} aan']\nlists: {x: {values: [ijskast]}}", "zet ĳskast aan", "|x=ijskast"},
        {"nl", "['zet {x} aan']\nlists: {x: {values: [ĳskast]}}", "ZET IJSKAST AAN", "|x=ĳskast"},
        {"en", "['the first find']", "the ﬁrst ﬁnd", "|"},
        {"en", "['the first find']", "the firs find", "-"},
    };
    (void)state;
    CHECK(cases);
}

static void marks_and_widths(void **state) {
    static const struct scripts cases[] = {
        {"vi", "['bật {x}']\nlists: {x: {values: [phòng ngủ]}}", "ba\u0302\u0323t pho\u0300ng ngu\u0309", "|x=phòng ngủ"},
        {"vi", "['bật {x}']\nlists: {x: {values: [pho\u0300ng]}}", "bâ\u0323t phòng", "|x=pho\u0300ng"}, /* as the file has it */
        {"vi", "['bật {x}']\nlists: {x: {wildcard: true}}", "bật pho\u0300ng", "|x=phòng"},
        {"vi", "['{đèn}']\nlists: {'đe\u0300n': {values: [a]}}", "a", "|đèn=a"},
        {"ko", "['{x} 켜줘']\nlists: {x: {values: [침실]}}", "\u110e\u1175\u11b7\u1109\u1175\u11af 켜줘", "|x=침실"},
        {"ja", "['ガイド{x}']\nlists: {x: {range: {from: 0, to: 99}}}", "ｶﾞｲﾄﾞ２５", "|x=25"},
        {"zh", "['打开TV']", "打开ＴＶ", "|"},
        {"hi", "['\u0958लम']", "\u0915\u093cलम", "|"},
        {"th", "['{x}']\nlists: {x: {values: [น\u0e49\u0e33]}}", "น\u0e4d\u0e49\u0e32", "|x=น\u0e49\u0e33"},
        {"th", "['{x}']\nlists: {x: {values: [น\u0e4d\u0e49\u0e32]}}", "น\u0e49\u0e4d\u0e32", "|x=น\u0e4d\u0e49\u0e32"},
        {"th", "['ท\u0e33งาน']", "ท\u0e4d\u0e32งาน", "|"},
        {"th", "['ท\u0e33งาน']", "ท\u0e4d\u0e4c\u0e32งาน", "-"},
        {"ar", "['أضواء {x}']\nlists: {x: {values: [الاول]}}", "\ufe83\ufebf\ufeee\ufe8d\ufe80 \ufe8d\ufefb\ufeed\ufede",
         "|x=الاول"}, /* forms of letters */
        {"ca", "['col·lecció']", "col•lecció", "|"},
        {"ca", "['col·lecció']", "co\u0140lecció", "|"},
        {"lo", "['ນ\u0ec9\u0eb3']", "ນ\u0ecd\u0ec9\u0eb2", "|"},
        {"en", "['heat to {x}℃']\nlists: {x: {range: {from: 0, to: 99}}}", "heat to 20 ℃", "|x=20"},
    };
    (void)state;
    CHECK(cases);
}

static void joiners_and_directions(void **state) {
    static const struct scripts cases[] = {
        {"fa", "['چراغ\u200cهای {x}']\nlists: {x: {values: [خانه]}}", "چراغهای خانه", "|x=خانه"},
        {"fa", "['چراغهای {x}']\nlists: {x: {values: [خانه]}}", "چراغ\u200cهای خانه", "|x=خانه"},
        {"fa", "['{x} را بخر']\nlists: {x: {wildcard: true}}", "نان\u200cسنگک را بخر", "|x=نان\u200cسنگک"}, /* kept as typed */
        {"fa", "['{x}\u200cها روشن']\nlists: {x: {wildcard: true}}", "چراغ\u200cها روشن", "|x=چراغ"},
        {"ml", "['{x} ഓൺ']\nlists: {x: {values: [ലൈറ്റ്]}}", "ലൈറ്റ് ഓണ\u0d4d\u200d", "|x=ലൈറ്റ്"},
        {"bn", "['র\u200d\u09cdযাম']", "র\u09cdযাম", "|"},
        {"km", "['បើក\u200bភ្លើង']", "បើកភ្លើង", "|"},
        {"he", "['הדלק {x}']\nlists: {x: {values: [\"צ'ילי\"]}}", "\u200fהדלק צ׳ילי\u200f.", "|x=צ'ילי"},
        {"ar", "['شغل {x}']\nlists: {x: {wildcard: true}}", "\u202bشغل \u2067ضوء\u2069 المطبخ\u202c", "|x=ضوء المطبخ"},
        {"en", "['turn on {x}']\nlists: {x: {values: ['👨\u200d👩\u200d👧 lamp', heart ❤\ufe0f]}}", "\ufeffturn on lamp",
         "|x=👨\u200d👩\u200d👧 lamp"},
        {"en", "['turn on {x}']\nlists: {x: {values: ['👨\u200d👩\u200d👧 lamp', heart ❤\ufe0f]}}", "turn on heart ❤",
         "|x=heart ❤\ufe0f"},
    };
    (void)state;
    CHECK(cases);
}

/* Persian people type a blank, a non-joiner or nothing between the parts of a word that the sentences have with a non-joiner. */
static void non_joiners(void **state) {
    static const struct scripts cases[] = {
        {"fa", "['چراغ\u200cها را روشن کن']", "چراغ\u200cها را روشن کن", "|"},
        {"fa", "['چراغ\u200cها را روشن کن']", "چراغ ها را روشن کن", "|"},
        {"fa", "['چراغ\u200cها را روشن کن']", "چراغها را روشن کن", "|"},
        {"fa", "['چراغ\u200cها را روشن کن']", "چرا غها را روشن کن", "-"}, /* not elsewhere */
        {"fa", "['چراغ\u200cها را روشن کن']", "چراغ ها راروشن کن", "-"},
        {"fa", "['چراغ ها']", "چراغ\u200cها", "|"},
        {"fa", "['چراغ ها']", "چراغها", "-"}, /* words that are apart */
        {"fa", "['چراغ[\u200cها]']", "چراغ ها", "|"},
        {"fa", "['چراغ(\u200cها|\u200cهای خانه)']", "چراغ های خانه", "|"},
        {"fa", "['چراغ[ها]\u200cیم']", "چراغ یم", "|"},
        {"fa", "['{x}\u200cها روشن']\nlists: {x: {wildcard: true}}", "چراغ ها روشن", "|x=چراغ"},
        {"fa", "['{x}\u200cها روشن']\nlists: {x: {values: [چراغ]}}", "چراغ ها روشن", "|x=چراغ"},
        {"fa", "['دمای {x}\u200cدرجه']\nlists: {x: {range: {from: 0, to: 99}}}", "دمای ۲۵ درجه", "|x=25"},
        {"fa", "['{x} روشن']\nlists: {x: {values: [نیم\u200cپز\u200cها]}}", "نیم پزها روشن", "|x=نیم\u200cپز\u200cها"},
        {"fa", "['{x} روشن']\nlists: {x: {values: [می\u200cز]}}", "می ز روشن", "|x=می\u200cز"},
        {"fa", "['{x} روشن']\nlists: {x: {values: [نیم پز]}}", "نیم\u200cپز روشن", "|x=نیم پز"},
        {"de", "['Auf\u200clage {x}']\nlists: {x: {range: {from: 0, to: 99}}}", "Auflage 5", "|x=5"},
    };
    (void)state;
    CHECK(cases);
}

/* The index of a long list must find such values however they are typed, and a typing error is seen in their parts. */
static void non_joiners_in_long_lists(void **state) {
    char yaml[4096] = "language: fa\nsentences: ['{x} روشن']\nlists: {x: {values: [می\u200cرود, م\u200cا, تا\u200cب";
    (void)state;
    for (int i = 0; i < 60; i++)
        snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), ", می%d", i);
    snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), ", لامپ\u200cهای]}}\n");
    struct grammar *g = make_grammar(yaml);
    static const char *const typed[] = {"تا ب روشن", "تاب روشن", "تا\u200cب روشن"};
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++)
        assert_string_equal(reading(g, typed[i]), "|x=تا\u200cب");
    const struct grammar_match_options fuzzy = {.max_readings = 1, .fuzzy = true};
    static const char *const wrong[] = {"لامب\u200cهای روشن", "لامب های روشن", "لامپهاای روشن"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct grammar_match *m = NULL;
        if (grammar_match_with(&m, g, wrong[i], &fuzzy, NULL, NULL) != 1)
            fail_msg("\"%s\" is not corrected", wrong[i]);
        grammar_match_free(m);
    }
    grammar_free(g);
}

static void digits_and_signs(void **state) {
    static const struct scripts cases[] = {
        {"hi", "['{x} प्रतिशत']\nlists: {x: {range: {from: 0, to: 100}}}", "५० प्रतिशत", "|x=50"},
        {"fa", "['{x} درصد']\nlists: {x: {range: {from: 0, to: 100}}}", "۵۰ درصد", "|x=50"},
        {"ar", "['على {x}[ ](٪|%)']\nlists: {x: {range: {from: 0, to: 100}}}", "على ٥٠٪", "|x=50"},
        {"ar", "['على {x}%']\nlists: {x: {range: {from: 0, to: 100, fractions: halves}}}", "على ٢٠٫٥٪", "|x=20.5"},
        {"th", "['เป็น{x}%']\nlists: {x: {range: {from: 0, to: 100}}}", "เป็น ๕๐%", "|x=50"},
        {"ta", "['{x} நிமிடம்']\nlists: {x: {range: {from: 0, to: 100}}}", "௧௫ நிமிடம்", "|x=15"},
        {"bn", "['চ্যানেল 5']", "চ্যানেল ৫", "|"},
        {"bn", "['চ্যানেল ৫']", "চ্যানেল 5", "|"},
        {"tr", "['{x} %{y}']\nlists: {x: {values: [lamba]}, y: {range: {from: 0, to: 100}}}", "lamba % 50", "|x=lamba,y=50"},
        {"eu", "['{y}[ ]% {x}']\nlists: {x: {values: [argi]}, y: {range: {from: 0, to: 100}}}", "% 50 argi", "-"},
        {"en", "['heat to {x}']\nlists: {x: {range: {from: -9, to: 99}}}", "heat to \u22125", "|x=-5"},
        {"en", "['wi-fi on']", "wi\u2011fi on", "|"},
    };
    (void)state;
    CHECK(cases);
}

static void punctuation(void **state) {
    static const struct scripts cases[] = {
        {"el", "['άναψε']", "άναψε\u037e", "|"},
        {"hi", "['जलाओ {x}']\nlists: {x: {wildcard: true}}", "जलाओ लाइट।", "|x=लाइट"},
        {"ur", "['کمرہ بتی جلاؤ']", "کمرہ، بتی جلاؤ۔", "|"},
        {"fa", "['سلام چراغ']", "سلام، چراغ؟", "|"},
        {"hy", "['ինչպիսի՞ն է']", "ինչպիսին է։", "|"},
        {"hy", "['ինչպիսին է {x}']\nlists: {x: {wildcard: true}}", "ինչպիսի՞ն է խոհանո՞ց", "|x=խոհանո՞ց"},
        {"my", "['မီးဖွင့်']", "မီးဖွင့်။", "|"},
        {"am", "['መብራት አብራ']", "መብራት አብራ።", "|"},
        {"bo", "['སྒྲོན་མེ་སྦར']", "སྒྲོན་མེ་སྦར།", "|"},
        {"ja", "['電気つけて']", "電気、つけて。", "-"}, /* only at the ends of words */
        {"ja", "['電気つけて']", "電気つけて｡", "|"},
        {"es", "['¿está {x}?']\nlists: {x: {values: [encendida]}}", "Está encendida", "|x=encendida"},
        {"ca", "[\"l'{x}\"]\nlists: {x: {values: [entrada]}}", "L´entrada", "|x=entrada"},
        {"uk", "[\"комп'ютер\"]", "компʼютер", "|"},
        {"en", "['please wait']", "please… wait…", "|"},
    };
    (void)state;
    CHECK(cases);
}

static void without_blanks(void **state) {
    static const struct scripts cases[] = {
        {"ja", "['{a}を{x}度に']\nlists: {a: {values: [寝室]}, x: {range: {from: 0, to: 99}}}", "寝室を二十五度に", "|a=寝室,x=25"},
        {"zh", "['{a}{x}度']\nlists: {a: {values: [客厅]}, x: {range: {from: 0, to: 99}}}", "客厅二十五度", "|a=客厅,x=25"},
        {"zh", "['打开{a}的 TV']\nlists: {a: {values: [客厅]}}", "打开客厅的TV", "|a=客厅"},
        {"zh", "['打开{a}TV']\nlists: {a: {values: [客厅]}}", "打开 客厅 TV", "|a=客厅"},
        {"th", "['เปิด{a} เป็น {x} องศา']\nlists: {a: {values: [ไฟ]}, x: {range: {from: 0, to: 99}}}", "เปิด ไฟเป็น25องศา",
         "|a=ไฟ,x=25"},
        {"lo", "['ເປີດ {a}']\nlists: {a: {values: [ໄຟ]}}", "ເປີດໄຟ", "|a=ໄຟ"},
        {"yue", "['開{a}']\nlists: {a: {values: [燈]}}", "開燈", "|a=燈"},
        {"en", "['turn on {a}']\nlists: {a: {values: [light]}}", "turn onlight", "-"}, /* other scripts have blanks */
        {"en", "['turn on {a}']\nlists: {a: {values: [light]}}", "tur n on light", "-"},
    };
    (void)state;
    CHECK(cases);
}

static void what_is_glued(void **state) {
    static const struct scripts cases[] = {
        {"eu", "['{a}ko argia piztu']\nlists: {a: {values: [egongela]}}", "egongelako argia piztu", "|a=egongela"},
        {"hu", "['{a}(ban|ben) kapcsold']\nlists: {a: {values: [nappali]}}", "Nappaliban kapcsold", "|a=nappali"},
        {"et", "['{a}[s|st]']\nlists: {a: {values: [köök]}}", "köökst", "|a=köök"},
        {"cy", "['(yn|ym) {a}']\nlists: {a: {values: [{in: '(cegin|nghegin|gegin)', out: cegin}]}}", "yng nghegin", "-"},
        {"cy", "['(yn|yng|ym) {a}']\nlists: {a: {values: [{in: '[n](c|g|gh)egin', out: cegin}]}}", "yng nghegin", "|a=cegin"},
        {"ga", "['sa {a}']\nlists: {a: {values: ['[g]cistin']}}", "sa gcistin", "|a=gcistin"},
        {"mt", "[\"ixgħel id-{a}\"]\nlists: {a: {values: [dawl]}}", "Ixgħel id-dawl", "|a=dawl"},
        {"ko", "['{x}[ ]퍼센트로']\nlists: {x: {range: {from: 0, to: 99}}}", "오십퍼센트로", "|x=50"},
        {"lb", "['{x} Prozent']\nlists: {x: {range: {from: 100, to: 200}}}", "honnerteenanvéierzeg Prozent", "|x=141"},
        {"fi", "['{x} astetta']\nlists: {x: {range: {from: 1215, to: 1215}}}", "tuhansiinkaksiinsatoihinviisiintoista astetta",
         "|x=1215"},
        {"bg", "['{x} градуса']\nlists: {x: {range: {from: 0, to: 99}}}", "двадесет и пет градуса", "|x=25"},
        {"bg", "['{x} градуса']\nlists: {x: {range: {from: 0, to: 99}}}", "шестнадесет градуса", "|x=16"},
        {"hr", "['{x} stupnjeva']\nlists: {x: {range: {from: 0, to: 99}}}", "dvadeset pet stupnjeva", "|x=25"},
        {"sr", "['{x} степени']\nlists: {x: {range: {from: 0, to: 99}}}", "тридесет два степени", "|x=32"},
        {"sr-Latn", "['{x} stepeni']\nlists: {x: {range: {from: 0, to: 99}}}", "trideset dva stepeni", "|x=32"},
        {"sl", "['{x} stopinj']\nlists: {x: {range: {from: 0, to: 99}}}", "petintrideset stopinj", "|x=35"},
        {"sl", "['{x} stopinj']\nlists: {x: {range: {from: 0, to: 99}}}", "osemnajst stopinj", "|x=18"},
        {"sl", "['{x} evrov']\nlists: {x: {range: {from: 0, to: 2500}}}", "dva tisoč dvesto enaindvajset evrov", "|x=2221"},
        {"sl", "['{x} stopinj']\nlists: {x: {range: {from: 0, to: 30, fractions: halves}}}", "devetnajst in pol stopinj",
         "|x=19.5"},
        {"bg", "['{x} кв']\nlists: {x: {range: {from: 0, to: 200}}}", "сто и единадесет кв", "|x=111"},
        {"bg", "['{x} градуса']\nlists: {x: {range: {from: 0, to: 99}}}", "двадесет и едно градуса", "|x=21"},
        {"id", "['{x} derajat']\nlists: {x: {range: {from: 0, to: 30, fractions: tenths}}}", "dua puluh koma tujuh derajat",
         "|x=20.7"},
        {"id", "['{x} derajat']\nlists: {x: {range: {from: 0, to: 30}}}", "nol derajat", "|x=0"},
        {"my", "['{x} ဒီဂရီ']\nlists: {x: {range: {from: 0, to: 99}}}", "နှစ်ဆယ့်ငါးဒီဂရီ", "|x=25"},
        {"tr", "['yüzde {x}(ye|ya)']\nlists: {x: {range: {from: 0, to: 99}}}", "yüzde elliye", "|x=50"},
    };
    (void)state;
    CHECK(cases);
}

/* What CLDR's rules have not, have wrong, or have with other letters than people type. */
static void numbers_are_read_as_people_say_them(void **state) {
    static const struct scripts cases[] = {
        {"el", "['στο {x} τοις εκατό']\nlists: {x: {range: {from: 0, to: 110}}}", "στο ενενήντα εννιά τοις εκατό", "|x=99"},
        {"be", "['{x} градусаў']\nlists: {x: {range: {from: 0, to: 110}}}", "дваццаць адзін градусаў", "|x=21"},
        {"hu", "['{x} perc']\nlists: {x: {range: {from: 0, to: 110}}}", "huszonkét perc", "|x=22"},
        {"hu", "['{x} perc']\nlists: {x: {range: {from: 0, to: 110}}}", "két perc", "|x=2"},
        {"cs", "['{x} stupňů']\nlists: {x: {range: {from: 0, to: 110}}}", "pětadvacet stupňů", "|x=25"},
        {"ro", "['{x} grade']\nlists: {x: {range: {from: 0, to: 110}}}", "șaisprezece grade", "|x=16"},
        {"sk", "['{x} percent']\nlists: {x: {range: {from: 0, to: 110}}}", "sto percent", "|x=100"},
        {"et", "['{x} protsenti']\nlists: {x: {range: {from: 0, to: 110}}}", "sada protsenti", "|x=100"},
        {"is", "['{x} prósent']\nlists: {x: {range: {from: 0, to: 110}}}", "hundrað prósent", "|x=100"},
        {"mk", "['{x} проценти']\nlists: {x: {range: {from: 0, to: 110}}}", "сто проценти", "|x=100"},
        {"az", "['{x} faiz']\nlists: {x: {range: {from: 0, to: 110}}}", "yüz faiz", "|x=100"},
        {"sw", "['asilimia {x}']\nlists: {x: {range: {from: 0, to: 110}}}", "asilimia mia na tano", "|x=105"},
        {"lv", "['{x} grādi']\nlists: {x: {range: {from: 0, to: 110}}}", "simts grādi", "|x=100"},
        {"hy", "['{x} տոկոս']\nlists: {x: {range: {from: 0, to: 110}}}", "իննսունինը տոկոս", "|x=99"},
        {"hi", "['{x} प्रतिशत']\nlists: {x: {range: {from: 0, to: 110}}}", "सौ प्रतिशत", "|x=100"},
        {"ta", "['{x} சதவீதம்']\nlists: {x: {range: {from: 0, to: 110}}}", "இருபத்தி ஒன்று சதவீதம்", "|x=21"},
        {"ne", "['{x} प्रतिशत']\nlists: {x: {range: {from: 0, to: 110}}}", "सय प्रतिशत", "|x=100"},
        {"ga", "['{x} nóiméad']\nlists: {x: {range: {from: 0, to: 110}}}", "deich nóiméad", "|x=10"},
        {"ar", "['{x} بالمئة']\nlists: {x: {range: {from: 0, to: 110}}}", "خمسة وعشرين بالمئة", "|x=25"},
        {"es", "['{x} grados']\nlists: {x: {range: {from: 0, to: 110}}}", "veintidos grados", "|x=22"},
        {"it", "['{x} gradi']\nlists: {x: {range: {from: 0, to: 110}}}", "ventitre gradi", "|x=23"},
        {"nl", "['{x} graden']\nlists: {x: {range: {from: 0, to: 110}}}", "tweeentwintig graden", "|x=22"},
        {"fr", "['{x} pour cent']\nlists: {x: {range: {from: 0, to: 110}}}", "quatre-vingt pour cent", "|x=80"},
    };
    (void)state;
    CHECK(cases);
}

/* What is said is not what is compared: words keep their letters. */
static void spoken_words_keep_their_letters(void **state) {
    (void)state;
    static const char *const pairs[][3] = {
        {"tr", "Ilık Işık", "ılık ışık"}, {"de", "Straße", "straße"}, {"en", "Is EcoBee", "is EcoBee"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char yaml[200], words[200] = "";
        snprintf(yaml, sizeof yaml, "language: %s\nsentences: ['%s']\n", pairs[i][0], pairs[i][1]);
        struct grammar *g = make_grammar(yaml);
        const struct grammar_acceptor *a = grammar_acceptor(g);
        uint32_t state_now = a->start;
        while (a->first_arc[state_now] < a->first_arc[state_now + 1]) {
            const struct grammar_word_arc *arc = &a->arcs[a->first_arc[state_now]];
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", *words ? " " : "", a->words[arc->word]);
            state_now = arc->to;
        }
        assert_string_equal(words, pairs[i][2]);
        grammar_free(g);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capitals),
        cmocka_unit_test(marks_and_widths),
        cmocka_unit_test(joiners_and_directions),
        cmocka_unit_test(non_joiners),
        cmocka_unit_test(non_joiners_in_long_lists),
        cmocka_unit_test(digits_and_signs),
        cmocka_unit_test(punctuation),
        cmocka_unit_test(without_blanks),
        cmocka_unit_test(what_is_glued),
        cmocka_unit_test(numbers_are_read_as_people_say_them),
        cmocka_unit_test(spoken_words_keep_their_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
