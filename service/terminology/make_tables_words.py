"""Our own decisions for the shipped substance table: facts about names, no list taken from elsewhere. See make_tables.py."""

# A dm+d or group name that is the same substance for every rule as another name.
ALIAS = {
    "aclidinium bromide": "aclidinium", "umeclidinium bromide": "umeclidinium", "glycopyrronium bromide": "glycopyrronium",
    "chloroquine phosphate": "chloroquine", "chloroquine sulfate": "chloroquine", "sodium clodronate": "clodronate",
    "dabigatran etexilate": "dabigatran", "etidronate disodium": "etidronate", "fondaparinux sodium": "fondaparinux",
    "ispaghula husk": "ispaghula", "lanthanum carbonate": "lanthanum", "lithium carbonate": "lithium", "lithium citrate": "lithium",
    "macrogol 3350": "macrogol", "macrogol 4000": "macrogol", "mycophenolate mofetil": "mycophenolate", "mycophenolic acid": "mycophenolate",
    "perindopril arginine": "perindopril", "perindopril erbumine": "perindopril", "perindopril tosilate": "perindopril",
    "promethazine hydrochloride": "promethazine", "promethazine teoclate": "promethazine",
    "quinine bisulfate": "quinine", "quinine dihydrochloride": "quinine", "quinine hydrochloride": "quinine", "quinine sulfate": "quinine",
    "risedronate sodium": "risedronate", "metronidazole (oral)": "metronidazole", "sodium fusidate": "fusidic acid",
    "pamidronate disodium": "pamidronate", "sodium fumarate": "fumarate", "iron isomaltoside 1000": "ferric derisomaltose",
    "shingles (herpes zoster) vaccine": "herpes zoster vaccine", "influenza h1n1 vaccine": "influenza vaccine", "oxygen gas": "oxygen",
    "erythromycin ethyl succinate": "erythromycin", "fenofibrate micronised": "fenofibrate",
    "methylprednisolone aceponate": "methylprednisolone", "phenobarbital sodium": "phenobarbital", "caffeine citrate": "caffeine",
}

# Further names: British, international and American spellings, common short forms.
SYNONYMS = {
    "aspirin": ["acetylsalicylic acid"], "paracetamol": ["acetaminophen"], "salbutamol": ["albuterol"],
    "adrenaline": ["epinephrine", "adrenaline (base)", "adrenaline acid tartrate"], "noradrenaline": ["norepinephrine", "noradrenaline (base)", "noradrenaline acid tartrate"],
    "furosemide": ["frusemide"], "bendroflumethiazide": ["bendrofluazide"], "amoxicillin": ["amoxycillin"],
    "cefalexin": ["cephalexin"], "ciclosporin": ["cyclosporin", "cyclosporine"], "beclometasone": ["beclomethasone"],
    "indometacin": ["indomethacin"], "sulfasalazine": ["sulphasalazine"], "sulfadiazine": ["sulphadiazine"],
    "chlorphenamine": ["chlorpheniramine"], "chlortalidone": ["chlorthalidone"], "trihexyphenidyl": ["benzhexol"],
    "benzatropine": ["benztropine"], "dosulepin": ["dothiepin"], "dicycloverine": ["dicyclomine"],
    "alimemazine": ["trimeprazine"], "levomepromazine": ["methotrimeprazine"], "levothyroxine": ["thyroxine", "l-thyroxine"],
    "liothyronine": ["triiodothyronine"], "pethidine": ["meperidine"], "glibenclamide": ["glyburide"],
    "glyceryl trinitrate": ["nitroglycerin", "nitroglycerine", "gtn"], "rifampicin": ["rifampin"],
    "ispaghula": ["psyllium", "psyllium husk", "ispaghula seeds", "psyllium seeds"], "colecalciferol": ["cholecalciferol", "vitamin d3"],
    "ergocalciferol": ["vitamin d2", "calciferol"], "phytomenadione": ["phytonadione", "vitamin k1"],
    "estradiol": ["oestradiol"], "estriol": ["oestriol"], "ethinylestradiol": ["ethinyl estradiol", "ethinyloestradiol"],
    "aciclovir": ["acyclovir"], "valaciclovir": ["valacyclovir"], "clomifene": ["clomiphene"], "colestyramine": ["cholestyramine"],
    "dexamfetamine": ["dextroamphetamine", "dexamphetamine"], "lisdexamfetamine": ["lisdexamphetamine"],
    "methenamine": ["hexamine"], "flupentixol": ["flupenthixol"], "guaifenesin": ["guaiphenesin"],
    "hydroxycarbamide": ["hydroxyurea"], "lidocaine": ["lignocaine"], "tetracaine": ["amethocaine"], "mesalazine": ["mesalamine"],
    "nicotinic acid": ["niacin"], "phenobarbital": ["phenobarbitone"], "amobarbital": ["amylobarbitone"],
    "sodium cromoglicate": ["cromolyn", "sodium cromoglycate"], "torasemide": ["torsemide"],
    "valproic acid": ["divalproex", "valproate semisodium", "semisodium valproate"], "sodium valproate": ["valproate sodium", "valproate"],
    "acenocoumarol": ["nicoumalone"], "dextropropoxyphene": ["propoxyphene"], "ferrous sulfate": ["ferrous sulphate"],
    "hyoscine hydrobromide": ["scopolamine", "scopolamine hydrobromide"], "hyoscine butylbromide": ["scopolamine butylbromide"],
    "docusate": ["docusate sodium"], "senna": ["sennosides", "sennoside b", "senna fruit", "senna pod standardised", "senna extract", "senna leaf powdered"], "simeticone": ["simethicone"],
    "macrogol": ["polyethylene glycol 3350", "polyethylene glycol", "macrogol compound", "macrogol compound half-strength", "macrogol '3350'", "macrogol '4000'"],
    "tioguanine": ["thioguanine"], "ursodeoxycholic acid": ["ursodiol"],
    "st johns wort": ["st john's wort", "st. john's wort", "hypericum", "hypericum perforatum", "hypericum liquid extract", "hypericum perforatum tincture"],
    "conjugated oestrogens": ["conjugated estrogens", "estrogens, conjugated", "estrogens, conjugated (usp)", "oestrogens conjugated"],
    "meclozine": ["meclizine"], "mepyramine": ["pyrilamine"], "orciprenaline": ["metaproterenol"], "ascorbic acid": ["vitamin c"],
    "thiamine": ["vitamin b1"], "pyridoxine": ["vitamin b6"], "cyanocobalamin": ["vitamin b12"], "retinol": ["vitamin a"],
    "alendronic acid": ["alendronate", "sodium alendronate"], "risedronate": ["risedronic acid"],
    "ibandronic acid": ["ibandronate"], "zoledronic acid": ["zoledronate"], "clodronate": ["clodronic acid"],
    "etidronate": ["etidronic acid"], "pamidronate": ["pamidronic acid"],
    "phenoxymethylpenicillin": ["penicillin v"], "benzylpenicillin": ["penicillin g"], "clavulanic acid": ["clavulanate"],
    "sulfamethoxazole": ["sulphamethoxazole"], "sodium feredetate": ["sodium ironedetate"], "caffeine": ["caffeine citrate"],
    "influenza vaccine": ["flu vaccine"], "herpes zoster vaccine": ["shingles vaccine", "zoster vaccine"],
    "insulin human": ["insulin regular", "regular insulin", "insulin, regular, human", "regular insulin, human", "insulin soluble human"],
    "insulin isophane human": ["insulin human, isophane", "nph insulin", "insulin isophane, human", "insulin, isophane"],
    "insulin isophane biphasic human": ["insulin biphasic isophane human"],
    "insulin aspart biphasic": ["insulin biphasic aspart"], "insulin lispro biphasic": ["insulin biphasic lispro"],
    "ferric derisomaltose": ["iron isomaltoside 1000", "iron isomaltoside"], "oxygen": ["oxygen gas"],
    "thyroid desiccated": ["thyroid", "desiccated thyroid"], "ginkgo": ["ginkgo biloba"], "sevelamer": ["sevelamer carbonate"],
    "carbocisteine": ["carbocysteine"], "colistimethate": ["colistimethate sodium"], "pentoxifylline": ["oxpentifylline"],
    "covid-19 vaccine": ["covid-19 mrna vaccine"], "levonorgestrel IUD": ["levonorgestrel intrauterine system"],
    "ethinylestradiol combinations": ["combined oral contraceptive"], "timolol (eye)": ["timolol ophthalmic"],
    "orphenadrine (muscle relaxant)": ["orphenadrine citrate"], "lactobacillus": ["lactobacillus acidophilus"], "calcium carbonate/colecalciferol": ["calcium and colecalciferol"],
    "ertugliflozin": ["ertugliflozin l-pyroglutamic acid"],
    "somatropin": ["somatropin (epr)", "somatropin (rbe)", "somatropin (rmc)"],
    "aluminium hydroxide": ["aluminium hydroxide gel dried", "aluminium hydroxide mixture"],
}

# Combinations: ingredients in the order of the strengths in the name, and whether the name itself stays (drug groups
# that list it and none of its ingredients, else it would be counted twice: see docs/terminology.md).
COMBINATIONS = {
    "co-codamol": (["codeine", "paracetamol"], ""), "co-dydramol": (["dihydrocodeine", "paracetamol"], ""),
    "co-amoxiclav": (["amoxicillin", "clavulanic acid"], ""), "co-magaldrox": (["magnesium hydroxide", "aluminium hydroxide"], ""),
    "co-trimoxazole": (["trimethoprim", "sulfamethoxazole"], ""), "co-proxamol": (["dextropropoxyphene", "paracetamol"], ""),
    "co-codaprin": (["codeine", "aspirin"], ""), "co-amilofruse": (["amiloride", "furosemide"], ""),
    "co-amilozide": (["amiloride", "hydrochlorothiazide"], ""), "co-tenidone": (["atenolol", "chlortalidone"], ""),
    "co-prenozide": (["oxprenolol", "cyclopenthiazide"], ""), "co-triamterzide": (["triamterene", "hydrochlorothiazide"], ""),
    "co-zidocapt": (["hydrochlorothiazide", "captopril"], ""), "co-flumactone": (["hydroflumethiazide", "spironolactone"], ""),
    "co-phenotrope": (["diphenoxylate", "atropine"], ""), "co-fluampicil": (["flucloxacillin", "ampicillin"], ""),
    "co-simalcite": (["simeticone", "hydrotalcite"], ""), "co-danthramer": (["dantron", "poloxamer 188"], ""),
    "co-danthrusate": (["dantron", "docusate"], ""), "co-cyprindiol": (["cyproterone", "ethinylestradiol"], ""),
    "co-methiamol": (["methionine", "paracetamol"], ""),
    "co-beneldopa": (["benserazide", "levodopa"], "also"), "co-careldopa": (["carbidopa", "levodopa"], "also"),
    "levodopa/carbidopa/entacapone": (["levodopa", "carbidopa", "entacapone"], "also"),
    "sacubitril/valsartan": (["sacubitril", "valsartan"], "whole"), "oxycodone/naloxone": (["oxycodone", "naloxone"], ""),
    "paracetamol/tramadol": (["tramadol", "paracetamol"], ""), "nirmatrelvir/ritonavir": (["nirmatrelvir", "ritonavir"], ""),
    "calcium carbonate/colecalciferol": (["calcium carbonate", "colecalciferol"], ""),
    "conjugated oestrogens/medroxyprogesterone": (["conjugated oestrogens", "medroxyprogesterone"], "also"),
    "estradiol/dydrogesterone": (["estradiol", "dydrogesterone"], "also"),
    "estradiol/norethisterone": (["estradiol", "norethisterone"], "also"),
    "estradiol/progesterone": (["estradiol", "progesterone"], "also"),
    "ethinylestradiol combinations": (["ethinylestradiol"], "more"),
    "soluble paracetamol": (["paracetamol"], "soluble"), "soluble co-codamol": (["codeine", "paracetamol"], "soluble"),
}

# dm+d combination names that are one of the names above.
WHOLE = {
    "levodopa + carbidopa + entacapone": "levodopa/carbidopa/entacapone", "sacubitril + valsartan": "sacubitril/valsartan",
    "oxycodone + naloxone": "oxycodone/naloxone", "tramadol + paracetamol": "paracetamol/tramadol",
    "estradiol + dydrogesterone": "estradiol/dydrogesterone", "estradiol + norethisterone acetate": "estradiol/norethisterone",
    "colecalciferol + calcium carbonate": "calcium carbonate/colecalciferol",
}

# Names that a substance takes in products for one route or of one form.
VARIANTS = {
    "timolol (eye)": "timolol@eye", "carteolol (eye)": "carteolol@eye", "levobunolol (eye)": "levobunolol@eye",
    "estradiol (vaginal)": "estradiol@vaginal", "estriol (vaginal)": "estriol@vaginal", "levonorgestrel IUD": "levonorgestrel@intrauterine",
}

# Names that share an ATC code with the substance they are made of.
NO_ATC = {"soluble paracetamol", "soluble co-codamol", "estradiol (vaginal)", "estriol (vaginal)"}
ATC_FIX = {}
# Classes of ATC in which every code is the one substance of the drug group.
ATC_WHOLE_CLASS = {"A10A", "G03AA", "J07AL", "J07BB", "J07BN"}

# Substances beyond the dm+d moieties seen in use: members of combinations, newer medicines, names of burden scales.
MORE = """benserazide|carbidopa|clavulanic acid|sulfamethoxazole|dantron|poloxamer 188|diphenoxylate|hydroflumethiazide|simeticone|
methionine|sacubitril|nirmatrelvir|tezacaftor|vilanterol|glycopyrronium|benazepril|carbinoxamine|clidinium|clorazepate|cyclobenzaprine|
desipramine|dimetindene|estazolam|hyoscyamine|iloperidone|molindone|opipramol|pancuronium|piperacillin|tazobactam|protriptyline|
tiotixene|triazolam|naloxone|sitagliptin|bempedoic acid|inclisiran|relugolix|daridorexant|atogepant|rimegepant|fremanezumab|
galcanezumab|upadacitinib|risankizumab|solriamfetol|cenobamate|dupilumab|mavacamten|roxadustat|icosapent ethyl|
carmellose|carbomer|sodium alginate|sodium hyaluronate|oxygen gas|shingles (herpes zoster) vaccine|influenza vaccine|pneumococcal vaccine|
hepatitis a vaccine|hepatitis b vaccine|typhoid vaccine|tetanus vaccine|varicella vaccine|rotavirus vaccine|
human papillomavirus vaccine|meningococcal group b vaccine|meningococcal group c vaccine|insulin isophane human|
insulin aspart biphasic|insulin lispro biphasic|iron dextran|ferric carboxymaltose|iron sucrose|silodosin|
parecoxib|pentamidine|potassium bicarbonate|norgestrel|gestodene|norgestimate|drospirenone|norelgestromin|nomegestrol|estetrol|
alginic acid|calcium phosphate|magnesium alginate|nitrous oxide|suxamethonium|hydrocodone|phentermine|nabilone|penbutolol|
bromhexine|dihydroergotamine|ergotamine|trimipramine|cangrelor|ravulizumab|ozanimod|ponesimod|siponimod|cladribine|ocrelizumab|
ofatumumab|satralizumab|bimekizumab|tralokinumab|abrocitinib|ritlecitinib|deucravacitinib|anifrolumab|tezepelumab|avacopan|
fezolinetant|elexacaftor|zavegepant|eptinezumab|lasmiditan|insulin degludec + liraglutide|insulin glargine + lixisenatide""".replace("\n", "").split("|")

# Products whose VMP id is shipped. dm+d names; chosen for the drug groups of the shipped rules, demo and tests.
PRODUCTS = """Aceclofenac 100mg tablets|Acemetacin 60mg capsules|Celecoxib 100mg capsules|Celecoxib 200mg capsules|
Dexibuprofen 300mg tablets|Dexketoprofen 25mg tablets|Diclofenac sodium 25mg gastro-resistant tablets|Diclofenac sodium 50mg gastro-resistant tablets|
Diclofenac sodium 75mg modified-release tablets|Diclofenac sodium 100mg modified-release tablets|Diclofenac 1.16% gel|Diclofenac 2.32% gel|Diclofenac potassium 50mg tablets|
Etodolac 600mg modified-release tablets|Etodolac 300mg capsules|Etoricoxib 30mg tablets|Etoricoxib 60mg tablets|Etoricoxib 90mg tablets|Etoricoxib 120mg tablets|
Fenoprofen 600mg tablets|Flurbiprofen 50mg tablets|Flurbiprofen 100mg tablets|Ibuprofen 200mg tablets|Ibuprofen 400mg tablets|Ibuprofen 600mg tablets|Ibuprofen 800mg modified-release tablets|
Ibuprofen 100mg/5ml oral suspension sugar free|Ibuprofen 100mg/5ml oral suspension|Ibuprofen 5% gel|Ibuprofen 10% gel|
Indometacin 25mg capsules|Indometacin 50mg capsules|Indometacin 75mg modified-release capsules|Indometacin 100mg suppositories|
Ketoprofen 50mg capsules|Ketoprofen 100mg capsules|Ketoprofen 200mg modified-release capsules|Ketoprofen 2.5% gel|Ketorolac 10mg tablets|Ketorolac 0.5% eye drops|
Mefenamic acid 250mg capsules|Mefenamic acid 500mg tablets|Meloxicam 7.5mg tablets|Meloxicam 15mg tablets|Nabumetone 500mg tablets|
Naproxen 250mg tablets|Naproxen 500mg tablets|Naproxen 250mg gastro-resistant tablets|Naproxen 500mg gastro-resistant tablets|Naproxen 500mg / Esomeprazole 20mg modified-release tablets|
Piroxicam 10mg capsules|Piroxicam 20mg capsules|Piroxicam 0.5% gel|Sulindac 100mg tablets|Sulindac 200mg tablets|Tenoxicam 20mg tablets|Tiaprofenic acid 300mg tablets|Tolfenamic acid 200mg tablets|
Diclofenac sodium 50mg gastro-resistant / Misoprostol 200microgram tablets|Diclofenac sodium 75mg gastro-resistant / Misoprostol 200microgram tablets|
Lansoprazole 15mg gastro-resistant capsules|Lansoprazole 30mg gastro-resistant capsules|Lansoprazole 15mg orodispersible tablets|Lansoprazole 30mg orodispersible tablets|
Omeprazole 10mg gastro-resistant capsules|Omeprazole 20mg gastro-resistant capsules|Omeprazole 40mg gastro-resistant capsules|Omeprazole 20mg gastro-resistant tablets|
Esomeprazole 20mg gastro-resistant tablets|Esomeprazole 40mg gastro-resistant tablets|Esomeprazole 20mg gastro-resistant capsules|Pantoprazole 20mg gastro-resistant tablets|Pantoprazole 40mg gastro-resistant tablets|
Rabeprazole 10mg gastro-resistant tablets|Rabeprazole 20mg gastro-resistant tablets|Ranitidine 150mg tablets|Ranitidine 300mg tablets|Famotidine 20mg tablets|Famotidine 40mg tablets|
Cimetidine 400mg tablets|Nizatidine 150mg capsules|Misoprostol 200microgram tablets|
Aspirin 75mg tablets|Aspirin 75mg dispersible tablets|Aspirin 75mg gastro-resistant tablets|Aspirin 300mg tablets|Aspirin 300mg dispersible tablets|
Clopidogrel 75mg tablets|Prasugrel 5mg tablets|Prasugrel 10mg tablets|Ticagrelor 60mg tablets|Ticagrelor 90mg tablets|Dipyridamole 100mg tablets|Dipyridamole 200mg modified-release capsules|
Ticlopidine 250mg tablets|Cilostazol 100mg tablets|
Warfarin 500microgram tablets|Warfarin 1mg tablets|Warfarin 3mg tablets|Warfarin 5mg tablets|Acenocoumarol 1mg tablets|Phenindione 10mg tablets|Phenindione 25mg tablets|
Apixaban 2.5mg tablets|Apixaban 5mg tablets|Dabigatran etexilate 75mg capsules|Dabigatran etexilate 110mg capsules|Dabigatran etexilate 150mg capsules|
Edoxaban 15mg tablets|Edoxaban 30mg tablets|Edoxaban 60mg tablets|Rivaroxaban 2.5mg tablets|Rivaroxaban 10mg tablets|Rivaroxaban 15mg tablets|Rivaroxaban 20mg tablets|
Propranolol 10mg tablets|Propranolol 40mg tablets|Propranolol 80mg tablets|Propranolol 80mg modified-release capsules|Propranolol 160mg modified-release capsules|
Sotalol 40mg tablets|Sotalol 80mg tablets|Sotalol 160mg tablets|Carvedilol 3.125mg tablets|Carvedilol 6.25mg tablets|Carvedilol 12.5mg tablets|Carvedilol 25mg tablets|
Labetalol 100mg tablets|Labetalol 200mg tablets|Nadolol 80mg tablets|Pindolol 5mg tablets|Oxprenolol 40mg tablets|Timolol 10mg tablets|Celiprolol 200mg tablets|
Timolol 0.25% eye drops|Timolol 0.5% eye drops|Timolol 2.5mg/ml eye drops|Timolol 5mg/ml eye drops|Levobunolol 0.5% eye drops|Levobunolol 5mg/ml eye drops|Carteolol 1% eye drops|Latanoprost 50micrograms/ml / Timolol 5mg/ml eye drops|
Atenolol 25mg tablets|Atenolol 50mg tablets|Atenolol 100mg tablets|Bisoprolol 1.25mg tablets|Bisoprolol 2.5mg tablets|Bisoprolol 5mg tablets|Bisoprolol 10mg tablets|
Metoprolol 50mg tablets|Metoprolol 100mg tablets|Nebivolol 5mg tablets|Nebivolol 2.5mg tablets|Acebutolol 400mg tablets|
Formoterol 12micrograms/dose dry powder inhaler|Formoterol 12micrograms/dose inhaler CFC free|Formoterol 6micrograms/dose dry powder inhaler|Salmeterol 25micrograms/dose inhaler CFC free|Salmeterol 50micrograms/dose dry powder inhaler|Indacaterol 150microgram inhalation powder capsules with device|Bambuterol 10mg tablets|
Beclometasone 100micrograms/dose inhaler CFC free|Beclometasone 200micrograms/dose inhaler CFC free|Beclometasone 50micrograms/dose inhaler CFC free|Budesonide 200micrograms/dose dry powder inhaler|Budesonide 100micrograms/dose dry powder inhaler|
Fluticasone 50micrograms/dose inhaler CFC free|Fluticasone 125micrograms/dose inhaler CFC free|Fluticasone 250micrograms/dose inhaler CFC free|
Ciclesonide 80micrograms/dose inhaler CFC free|Fluticasone 125micrograms/dose / Salmeterol 25micrograms/dose inhaler CFC free|Budesonide 200micrograms/dose / Formoterol 6micrograms/dose dry powder inhaler|
Beclometasone 100micrograms/dose / Formoterol 6micrograms/dose inhaler CFC free|Mometasone 200micrograms/dose dry powder inhaler|
Salbutamol 100micrograms/dose inhaler CFC free|Salbutamol 100micrograms/dose breath actuated inhaler CFC free|Salbutamol 2mg/5ml oral solution sugar free|Tiotropium bromide 18microgram inhalation powder capsules|Tiotropium bromide 18microgram inhalation powder capsules with device|Ipratropium bromide 20micrograms/dose inhaler CFC free|
Ramipril 1.25mg capsules|Ramipril 2.5mg capsules|Ramipril 5mg capsules|Ramipril 10mg capsules|Ramipril 5mg tablets|Lisinopril 2.5mg tablets|Lisinopril 5mg tablets|Lisinopril 10mg tablets|Lisinopril 20mg tablets|
Enalapril 5mg tablets|Enalapril 10mg tablets|Enalapril 20mg tablets|Perindopril erbumine 2mg tablets|Perindopril erbumine 4mg tablets|Perindopril erbumine 8mg tablets|Perindopril arginine 5mg tablets|
Captopril 25mg tablets|Captopril 50mg tablets|Fosinopril 10mg tablets|Quinapril 10mg tablets|Trandolapril 2mg capsules|Imidapril 10mg tablets|
Losartan 25mg tablets|Losartan 50mg tablets|Losartan 100mg tablets|Candesartan 4mg tablets|Candesartan 8mg tablets|Candesartan 16mg tablets|Valsartan 80mg capsules|Valsartan 80mg tablets|Irbesartan 150mg tablets|
Olmesartan medoxomil 20mg tablets|Telmisartan 40mg tablets|Sacubitril 49mg / Valsartan 51mg tablets|Sacubitril 24mg / Valsartan 26mg tablets|Aliskiren 150mg tablets|
Furosemide 20mg tablets|Furosemide 40mg tablets|Furosemide 40mg/5ml oral solution sugar free|Bumetanide 1mg tablets|Torasemide 5mg tablets|
Bendroflumethiazide 2.5mg tablets|Bendroflumethiazide 5mg tablets|Indapamide 2.5mg tablets|Indapamide 1.5mg modified-release tablets|Chlortalidone 50mg tablets|Metolazone 5mg tablets|Xipamide 20mg tablets|Cyclopenthiazide 500microgram tablets|
Spironolactone 25mg tablets|Spironolactone 50mg tablets|Spironolactone 100mg tablets|Eplerenone 25mg tablets|Eplerenone 50mg tablets|Amiloride 5mg tablets|Co-amilofruse 2.5mg/20mg tablets|Co-amilofruse 5mg/40mg tablets|Co-amilozide 2.5mg/25mg tablets|
Methotrexate 2.5mg tablets|Methotrexate 10mg tablets|Methotrexate 2mg/ml oral solution sugar free|Lithium carbonate 200mg modified-release tablets|Lithium carbonate 400mg modified-release tablets|Lithium carbonate 250mg tablets|Lithium carbonate 450mg modified-release tablets|
Amiodarone 100mg tablets|Amiodarone 200mg tablets|Ethinylestradiol 30microgram / Levonorgestrel 150microgram tablets|Ethinylestradiol 30microgram / Desogestrel 150microgram tablets|
Estradiol 1mg tablets|Estradiol 2mg tablets|Estradiol 10microgram pessaries|Conjugated oestrogens 625microgram tablets|
Haloperidol 500microgram tablets|Haloperidol 500microgram capsules|Haloperidol 1.5mg tablets|Haloperidol 5mg tablets|Risperidone 500microgram tablets|Risperidone 1mg tablets|Quetiapine 25mg tablets|Quetiapine 100mg tablets|Olanzapine 2.5mg tablets|Olanzapine 5mg tablets|Olanzapine 10mg tablets|
Amisulpride 50mg tablets|Aripiprazole 5mg tablets|Chlorpromazine 25mg tablets|Promazine 25mg tablets|Trifluoperazine 1mg tablets|Prochlorperazine 5mg tablets|Sulpiride 200mg tablets|Clozapine 25mg tablets|
Flupentixol 500microgram tablets|Zuclopenthixol 10mg tablets|Levomepromazine 25mg tablets|
Metformin 500mg tablets|Metformin 850mg tablets|Metformin 500mg modified-release tablets|Metformin 1g modified-release tablets|Gliclazide 80mg tablets|Gliclazide 30mg modified-release tablets|Empagliflozin 10mg tablets|Dapagliflozin 10mg tablets|Sitagliptin 100mg tablets|Linagliptin 5mg tablets|Empagliflozin 5mg / Metformin 850mg tablets|
Amitriptyline 10mg tablets|Amitriptyline 25mg tablets|Amitriptyline 50mg tablets|Nortriptyline 10mg tablets|Citalopram 10mg tablets|Citalopram 20mg tablets|Citalopram 40mg tablets|Sertraline 50mg tablets|Sertraline 100mg tablets|Fluoxetine 20mg capsules|Mirtazapine 15mg tablets|Mirtazapine 30mg tablets|Paroxetine 20mg tablets|Venlafaxine 75mg modified-release capsules|Trazodone 50mg capsules|Duloxetine 30mg gastro-resistant capsules|Dosulepin 25mg capsules|
Oxybutynin 2.5mg tablets|Oxybutynin 5mg tablets|Oxybutynin 5mg modified-release tablets|Solifenacin 5mg tablets|Solifenacin 10mg tablets|Tolterodine 2mg tablets|Tolterodine 4mg modified-release capsules|Mirabegron 25mg modified-release tablets|Mirabegron 50mg modified-release tablets|Trospium chloride 20mg tablets|Fesoterodine 4mg modified-release tablets|
Cyclizine 50mg tablets|Promethazine hydrochloride 25mg tablets|Chlorphenamine 4mg tablets|Hydroxyzine 25mg tablets|Hyoscine butylbromide 10mg tablets|Procyclidine 5mg tablets|Cetirizine 10mg tablets|Loratadine 10mg tablets|Domperidone 10mg tablets|Metoclopramide 10mg tablets|
Diazepam 2mg tablets|Diazepam 5mg tablets|Temazepam 10mg tablets|Lorazepam 1mg tablets|Nitrazepam 5mg tablets|Zopiclone 3.75mg tablets|Zopiclone 7.5mg tablets|Zolpidem 5mg tablets|Melatonin 2mg modified-release tablets|
Gabapentin 100mg capsules|Gabapentin 300mg capsules|Pregabalin 25mg capsules|Pregabalin 75mg capsules|Carbamazepine 200mg tablets|Sodium valproate 200mg gastro-resistant tablets|Levetiracetam 500mg tablets|Lamotrigine 100mg tablets|Phenytoin 100mg capsules|
Codeine 15mg tablets|Codeine 30mg tablets|Co-codamol 8mg/500mg tablets|Co-codamol 15mg/500mg tablets|Co-codamol 30mg/500mg tablets|Co-codamol 30mg/500mg effervescent tablets|Co-dydramol 10mg/500mg tablets|Dihydrocodeine 30mg tablets|Tramadol 50mg capsules|Tramadol 100mg modified-release capsules|Morphine 10mg modified-release tablets|Morphine sulfate 10mg/5ml oral solution|Oxycodone 5mg capsules|Oxycodone 10mg modified-release tablets|Buprenorphine 5micrograms/hour transdermal patches|Buprenorphine 10micrograms/hour transdermal patches|Fentanyl 12micrograms/hour transdermal patches|Fentanyl 25micrograms/hour transdermal patches|
Paracetamol 500mg tablets|Paracetamol 500mg soluble tablets|Paracetamol 500mg capsules|Atorvastatin 10mg tablets|Atorvastatin 20mg tablets|Atorvastatin 40mg tablets|Atorvastatin 80mg tablets|Simvastatin 20mg tablets|Simvastatin 40mg tablets|Pravastatin 40mg tablets|Rosuvastatin 10mg tablets|Ezetimibe 10mg tablets|
Amlodipine 5mg tablets|Amlodipine 10mg tablets|Felodipine 5mg modified-release tablets|Lercanidipine 10mg tablets|Nifedipine 30mg modified-release tablets|Diltiazem 60mg modified-release tablets|Verapamil 40mg tablets|Verapamil 120mg tablets|Digoxin 62.5microgram tablets|Digoxin 125microgram tablets|Digoxin 250microgram tablets|Doxazosin 1mg tablets|Doxazosin 2mg tablets|Doxazosin 4mg tablets|Isosorbide mononitrate 20mg tablets|Isosorbide mononitrate 60mg modified-release tablets|Glyceryl trinitrate 400micrograms/dose pump sublingual spray|Nicorandil 10mg tablets|Ivabradine 5mg tablets|Ranolazine 375mg modified-release tablets|
Levothyroxine sodium 25microgram tablets|Levothyroxine sodium 50microgram tablets|Levothyroxine sodium 100microgram tablets|Carbimazole 5mg tablets|Alendronic acid 70mg tablets|Risedronate sodium 35mg tablets|Allopurinol 100mg tablets|Allopurinol 300mg tablets|Febuxostat 80mg tablets|Colchicine 500microgram tablets|
Prednisolone 1mg tablets|Prednisolone 5mg tablets|Prednisolone 5mg gastro-resistant tablets|Hydrocortisone 1% cream|Azathioprine 50mg tablets|Hydroxychloroquine 200mg tablets|Sulfasalazine 500mg gastro-resistant tablets|Leflunomide 20mg tablets|
Tamsulosin 400microgram modified-release capsules|Finasteride 5mg tablets|Folic acid 5mg tablets|Ferrous fumarate 210mg tablets|Ferrous sulfate 200mg tablets|Colecalciferol 800unit capsules|Colecalciferol 800unit tablets|Senna 7.5mg tablets|Macrogol compound oral powder sachets sugar free|Lactulose 3.1-3.7g/5ml oral solution|Docusate 100mg capsules|
Donepezil 5mg tablets|Donepezil 10mg tablets|Memantine 10mg tablets|Rivastigmine 4.6mg/24hours transdermal patches|Galantamine 8mg modified-release capsules|Co-careldopa 25mg/100mg tablets|Co-beneldopa 12.5mg/50mg capsules|Ropinirole 1mg tablets|Pramipexole 88microgram tablets|Amantadine 100mg capsules|Baclofen 10mg tablets|
Trimethoprim 200mg tablets|Nitrofurantoin 100mg modified-release capsules|Amoxicillin 500mg capsules|Co-amoxiclav 500mg/125mg tablets|Clarithromycin 500mg tablets|Ciprofloxacin 500mg tablets|Doxycycline 100mg capsules|Co-trimoxazole 80mg/400mg tablets|Flucloxacillin 500mg capsules|
Quinine sulfate 300mg tablets|Betahistine 8mg tablets|Theophylline 200mg modified-release tablets|Montelukast 10mg tablets|Potassium chloride 600mg modified-release tablets|Insulin glargine 100units/ml solution for injection 3ml pre-filled disposable devices|Insulin aspart 100units/ml solution for injection 3ml pre-filled disposable devices""".replace("\n", "").split("|")
