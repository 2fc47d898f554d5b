/* English for the benchmark corpus. Nouns: one, many. Verbs: base, past,
 * -ing, -s. */
#include "corpus.h"

/* clang-format off */
const struct language corpus_en = {
	.code = "en",
	.dir = "ltr",
	.nouns = {
		{0, "|s",
				"harbour ship port town council court school "
				"market price road bridge bus tram ferry "
				"pilot captain crew boat engine storm tide "
				"wave wind river island lighthouse warehouse "
				"crane dock cargo ticket passenger driver "
				"mayor clerk member vote budget fund tax "
				"grant loan bank shop street house flat roof "
				"wall window door garden tree forest farm "
				"field animal bird gull whale seal net hook "
				"rope knot museum theatre concert book "
				"library reader writer teacher student parent "
				"child girl boy friend neighbour doctor nurse "
				"patient hospital ward test result report "
				"study sample method model level rate number "
				"figure measure limit rule law case judge "
				"lawyer witness question answer letter notice "
				"plan project design contract worker union "
				"shift job office manager company supplier "
				"customer product service system network "
				"signal camera screen phone computer record "
				"file list map chart table point line area "
				"district region border centre team player "
				"coach match goal season club fan stadium "
				"ground race medal record prize winner "
				"festival lantern song dance film actor "
				"artist picture photograph wire pipe pump "
				"valve tank filter sensor battery panel "
				"station line yard gate fence post lamp light "
				"meter hour day week month year season "
				"morning evening night visitor guest hotel "
				"kitchen meal fisherman complaint problem "
				"change decision delay repair cost loss debt "
				"owner partner expert engineer official "
				"spokesman leader"},
		{0, "y|ies",
				"stud compan ferr inquir part famil librar "
				"count cit galler polic deliver emergenc "
				"authorit communit facilit penalt strateg "
				"industr countr stor char grocer surve"},
		{0, "|es",
				"church bus coach box branch match class "
				"business tax process loss glass address "
				"search batch beach fish watch bench crash"},
		{0, "|",
				"water weather traffic money fish ice sand "
				"salt bread flour grain coal steel timber oil "
				"gas power heat research evidence information "
				"equipment advice staff safety health "
				"education training transport travel growth "
				"trade income spending demand supply access "
				"security justice work progress damage rain "
				"snow fog"},
	},
	.verbs = {
		{0, "|ed|ing|s",
				"report confirm explain accept reject expect "
				"claim ask open close start end visit follow "
				"remain return repair inspect check test "
				"record count measure collect deliver "
				"transport load unload clean paint install "
				"remove order award grant reward support back "
				"defend attack train coach play join help "
				"need want allow approach contact call answer "
				"mention point train fail succeed develop "
				"design plan appoint elect protest disappear "
				"appear gather search watch show reach pass "
				"press push pull turn form finish launch "
				"cancel"},
		{0, "e|ed|ing|es",
				"announc approv increas reduc clos mov us "
				"continu receiv provid requir decid agre "
				"propos replac improv promis refus argu "
				"describ includ involv examin prepar rescu "
				"recov damag estimat operat investigat "
				"negotiat celebrat complet creat educat "
				"indicat observ reserv serv sav shar stor "
				"trad chang charg combin compar advis hop liv "
				"lov manag organis produc promot purchas "
				"realis releas"},
		{0, "y|ied|ying|ies",
				"carr stud suppl appl identif den repl "
				"classif notif justif tr cop qualif var modif"},
	},
	.adjectives = {
		{0, "",
				"new old large small local public private "
				"main final first second last early late high "
				"low long short wide narrow deep strong weak "
				"heavy light clean dirty warm cold dry wet "
				"bright dark quiet loud busy empty full open "
				"closed free cheap expensive important "
				"serious common rare normal special general "
				"particular recent former future current "
				"previous annual monthly weekly daily "
				"possible likely certain clear simple complex "
				"difficult easy safe dangerous legal illegal "
				"official temporary permanent central "
				"northern southern eastern western coastal "
				"inner outer upper lower electric wooden "
				"concrete digital medical technical financial "
				"economic social cultural historic natural "
				"independent responsible available additional "
				"extra popular young elderly senior junior "
				"regional national international maritime "
				"commercial industrial domestic"},
	},
	.plural = 1,
	.cases = 1,
	.genitive = 0,
	.object = 0,
	.tenses = "1111330",
	.space = " ",
	.of = " of the ",
	.stop = ".",
	.comma = ",",
	.quote = {"\"", ",\" said ", "\""},
	.prefixes = "re over under sea harbour out non semi multi pre post "
		"inter sub counter half mid water side",
	.onsets = "t s n r l d m c b p h g f w k st br tr v cl th sh gr pr",
	.rimes = "a e i o u an er on in ar or el en al ey ow ick am ton ess",
	.prepositions = "of in to for on with at by from about into after "
		"over between through before under against during without "
		"near behind around along",
	.conjunctions = "+and that but +when +because which +if while +as who "
		"+so although +where +before +or +until",
	.pronouns = "it he they she we there this nobody everyone that "
		"some_people most_of_them",
	.determiners = "the a the the this its their the one his some her no "
		"the an_old another every those",
	.fillers = "not also still just only now then even again never more "
		"often always once perhaps quite rather already too",
	.first = "Anna Thomas Greta Abel Nora Jonah Edda Ingrid Hester Marek "
		"Lucian Bridie Petra Wilf Imogen Piers Cosima Delphine Yusuf "
		"Ambrose Wen Prudence Casimir Horace Osric Dorothea Amara "
		"Leila Tobias Miriam",
	.last = "Kell Whitlow Pryce Maddern Rourke Lund Nkemba Dunaj Quill "
		"Abara Marlowe Grice Tarrant Bellwether Farrow Reddy Okoro "
		"Stave Teal Lindqvist Halloran Pike Sandoval Strand Adeyemi "
		"Boyle Penhale Aldous Hesketh Oram Vance Holt Cray Dunmore "
		"Ferris Garrow Hale Ibsley Jarrow Keld",
	.places = "Velmora Old_Quay Ropewalk Salt_Market Lantern_Hill "
		"North_Mole Cape_Orlo Tavra Tide_Mill Net_Street Great_Sister "
		"Middle_Sister Little_Sister Harbour_Hospital Third_School "
		"Velm_Bay Upper_Tavra Lower_Tavra",
	.adverbs = "already again also later earlier almost usually gradually "
		"fully partly officially suddenly still together twice soon "
		"now recently largely quickly",
	.titles = {"%N0 %V1 %N1 after %N0", "%L %N0 to %V0 %N1",
		"Why the %N0 %V1 the %N0", "%E: the %N0 that %V1 %N1",
		"%Q for %N1 as %N0 %V3 %N0", "%N1 and %N1 %V0 in %L"},
	.patterns = {"the %N0 has %V1 the %N0 in %L",
		"%E %V1 that the %N0 would %V0 the %N1",
		"%N1 were %V1 by the %N0", "the %N0 %D %V1 %N1 for %Q",
		"a %N0 in %L %V1 the %N0 on the %N0",
		"there were %Q and the %N0 %V1 them",
		"%N1 and %N1 %V1 at the %N0", "it was the %N0 that %V1 the %N0",
		"the %N0 of the %N0 was %V1 to %V0 %N1",
		"%E, who %V1 the %N0 in %L, %V1 the %N0",
		"if the %N0 %V3, the %N1 will %V0", "the %N0 is %V2 its %N1",
		"after the %N0 the %N1 %D %V1", "a %N0 had been %V1 near %L",
		"more than %Q will be %V1 by the %N1", "nobody %V1 the %N0",
		"the %N1 have to %V0 before they can %V0 the %N0",
		"that %V1 the %N0, but not the %N0", "this is a %N0 for %N1",
		"%N1 from %L are %D %V2 the %N0",
		"about %Q %V1 last year, when %N1 %V1",
		"%D the %N0 %V1, and %N1 %V1 with it"},
	.stock = {"according to the council", "at the same time",
		"in the meantime", "as a result", "on the other hand",
		"a spokesman for the port said that", "it is understood that",
		"earlier this year", "for the first time in ten years",
		"the report says that", "in a statement on Tuesday",
		"by the end of the year", "last week", "in addition",
		"compared with the same period last year", "as expected",
		"under the new rules", "at a meeting on Monday", "despite this",
		"on average", "so far", "over the past few years",
		"for example", "in other words", "the court heard that",
		"after a short debate", "on Friday morning", "since the summer",
		"as usual", "people who live nearby say that"},
	.headings = {"What happens next", "How it works", "What it costs",
		"The background", "In numbers", "The port's answer"},
	.number = {"%s crowns", "%s per cent", "%s people", "%s days",
		"%s million crowns", "%s tonnes", "%s kilometres", "%s houses",
		"%s hours", "%s boats"},
	.saved = "Correction: an earlier version gave the wrong order of the "
		"sittings. We are sorry.",
	.tuning = {461, 47, 30, 147, 41, 121, 12000, 3650, 2450},
};
