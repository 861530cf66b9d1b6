"""Tables 1 to 4 of the published review, cell by cell, as they are printed.

Typed from the published page (Sanker et al. 2025, Bioengineering 12, 791, DOI 10.3390/bioengineering12080791,
CC BY 4.0), independently of ``db/reference``, and used by tests only: two transcriptions made apart from each
other do not share a slip of the hand.

Each cell is the printed text with its footnote marks and the space before them, en dashes in intervals, and
"-" where the print puts a dash for a missing interval. A cell the print leaves blank is "": in Tables 3 and 4
the study is named on its first row only. The pages headed "Cont." are joined to the table they continue.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Row5: TypeAlias = tuple[str, str, str, str, str]
Row7: TypeAlias = tuple[str, str, str, str, str, str, str]

TABLE_1_HEADER: Final[Row5] = (
    "Study",
    "Cohort Size",
    "Mean Age ± SD",
    "Receptor Analyzed",
    "Primary Tumor Type",
)

TABLE_1: Final[tuple[Row5, ...]] = (
    (
        "Hu et al. (2024) [18]",
        "359",
        "Training cohort = 58.21 ± 9.28 Validation cohort = 59.87 ± 7.23",
        "EGFR",
        "NSCLC",
    ),
    (
        "Cheng et al. (2023) [19]",
        "203",
        (
            "Training cohort (EGFR mutant) = 58.12 ± 9.62 (EGFR wild type) = 58.82 ± 10.14 "
            "Validation cohort (EGFR mutant) = 58.41 ± 9.04 (EGFR wild type) = 60.35 ± 9.61"
        ),
        "EGFR",
        "NSCLC",
    ),
    (
        "Niu et al. (2023) [20]",
        "268",
        "NSCLC = 57.88 ± 10.81 Breast cancer = 53.71 ± 9.77",
        "EGFR, Ki-67",
        "NSCLC Breast cancer",
    ),
    (
        "Jiang et al. (2023) [21]",
        "265",
        (
            "Training cohort (EGFR-21) = 61.91 ± 10.75 (EGFR 19) = 57.43 ± 9.34 "
            "(EGFR wild type) = 59.18 ± 9.99 "
            "Validation cohort (EGFR-21) = 61.54 ± 10.85 (EGFR 19) = 58.71 ± 9.72 "
            "(EGFR wild type) = 60.13 ± 7.38"
        ),
        "EGFR",
        "NSCLC",
    ),
    (
        "Cao et al. (2023) [22]",
        "299",
        (
            "Training cohort (EGFR mutant) = 60.19 ± 9.99 (EGFR wildtype) = 59.28 ± 10.35 "
            "Validation cohort (internal) (EGFR mutant) = 61.15 ± 11.77 (EGFR wildtype) = 59.60 ± 10.42 "
            "(external) (EGFR mutant) = 60.17 ± 7.63 (EGFR wildtype) = 60.06 ± 6.78"
        ),
        "EGFR",
        "Lung adenocarcinoma",
    ),
    (
        "Zhang et al. (2024) [23]",
        "110",
        (
            "Training cohort (High Ki-67) = 54.48 ± 9.76 (Low Ki-67) = 54.31 ± 9.06 "
            "(HER-2 positive) = 49.73 ± 11.82 (HER-2 negative) = 53.90 ± 8.70 "
            "Validation cohort (High Ki-67) = 52.50 ± 9.22 (Low Ki-67) = 49.06 ± 9.51 "
            "(HER-2 positive) = 49.01 ± 9.23 (HER-2 negative) = 56.57 ± 10.01"
        ),
        "HER-2, Ki-67",
        "Breast cancer",
    ),
    (
        "Fan et al. (2022) [24]",
        "183",
        (
            "Training cohort (EGFR mutant) = 58.71 ± 9.34 (EGFR wildtype) = 57.14 ± 11.28 "
            "Validation cohort (internal) (EGFR mutant) = 58.14 ± 12.11 (EGFR wildtype) = 59.21 ± 8.95 "
            "(external) (EGFR mutant) = 59.06 ± 7.78 (EGFR wildtype) = 60.14 ± 5.61"
        ),
        "EGFR",
        "Lung adenocarcinoma",
    ),
    (
        "Fan et al. (2022) [25]",
        "192",
        (
            "Training cohort (EGFR mutant) = 58.69 ± 10.31 (EGFR wildtype) = 58.37 ± 9.59 "
            "Validation cohort (internal) (EGFR mutant) = 61.5 ± 7.39 (EGFR wildtype) = 56.88 ± 10.10 "
            "(external) (EGFR mutant) = 63.06 ± 9.11 (EGFR wildtype) = 60.86 ± 6.64"
        ),
        "EGFR",
        "Lung adenocarcinoma",
    ),
    (
        "Cao et al. (2022) [26]",
        "76",
        (
            "Training cohort (EGFR-21) = 61.12 ± 11.45 (EGFR 19) = 59.44 ± 8.65 "
            "Validation cohort (EGFR-21) = 62.69 ± 11.44 (EGFR 19) = 53.54 ± 10.70"
        ),
        "EGFR",
        "Lung adenocarcinoma",
    ),
    (
        "Fan et al. (2021) [27]",
        "94",
        (
            "Training cohort (EGFR mutant) = 58.52 ± 9.84 (EGFR wild type) = 61.70 ± 10.75 "
            "Validation cohort (EGFR mutant) = 57.26 ± 9.43 (EGFR wild type) = 57.08 ± 10.66"
        ),
        "EGFR",
        "Lung adenocarcinoma",
    ),
    (
        "Ren et al. (2021) [28]",
        "162",
        (
            "Training cohort (EGFR mutant) = 60.60 ± 10 (EGFR wild type) = 59.10 ± 11.20 "
            "Validation cohort (EGFR mutant) = 61.10 ± 9.29 (EGFR wild type) = 60.00 ± 6.64"
        ),
        "EGFR",
        "Lung adenocarcinoma",
    ),
)

TABLE_2_HEADER: Final[Row5] = ("Study", "Output/Prediction", "Best Performing Model", "AUC", "95% CI")

TABLE_2: Final[tuple[Row5, ...]] = (
    ("Hu et al. (2024) [18]", "EGFR ¹ mutation status", "Radiomics (RS-SM-Com)", "0.929", "0.886–0.973"),
)

# "AUC" and "95% CI" each head two columns; the print marks by footnote which kind of internal validation a
# value comes from: ² k-fold cross-validation, ³ split sample. Hu et al. have one value and no mark.
TABLE_3_HEADER: Final[Row7] = (
    "Study",
    "Output/Prediction",
    "Best Performing Model",
    "AUC",
    "",
    "95% CI",
    "",
)

TABLE_3: Final[tuple[Row7, ...]] = (
    (
        "Hu et al. (2024) [18]",
        "EGFR ¹ mutation status",
        "Radiomics (RS-SM-Com)",
        "0.896",
        "",
        "0.781–1.000",
        "",
    ),
    (
        "Cao et al. (2023) [22]",
        "EGFR ¹ mutation status",
        "Radiomics (RS-Com-EGFR)",
        "0.806 ²",
        "0.745 ³",
        "-",
        "-",
    ),
    (
        "",
        "EGFR ¹ Exon 19 mutation",
        "Radiomics (RS-Com-Exon19)",
        "0.872 ²",
        "0.760 ³",
        "-",
        "-",
    ),
    (
        "",
        "EGFR ¹ Exon 21 mutation",
        "Radiomics (RS-Com-Exon21)",
        "0.913 ²",
        "0.799 ²",  # so printed; every other value in this column carries ³
        "-",
        "-",
    ),
    (
        "Cheng et al. (2023) [19]",
        "EGFR ¹ mutation status",
        "Radiomics (RS-Com-EGFR)",
        "0.927 ²",
        "0.812 ³",
        "0.884–0.969 ²",
        "0.709–0.916 ³",
    ),
    (
        "",
        "Response to EGFR-TKI ⁴",
        "Radiomics (RS-Com-TKI)",
        "0.880 ²",
        "0.798 ³",
        "0.802–0.958 ²",
        "0.649–0.946 ³",
    ),
    (
        "Jiang et al. (2023) [21]",
        "EGFR ¹ mutation status",
        "CM-EfNet (CBAM ⁷ and MFM ⁸ and EfficientNet v2)",
        "0.866 ²",
        "0.851 ³",
        "0.800–0.916 ²",
        "0.750–0.923 ³",
    ),
    (
        "",
        "EGFR ¹ mutations in Exons 19 and 21",
        "CM-EfNet (CBAM ⁷ and MFM ⁸ and EfficientNet v2)",
        "0.760 ²",
        "0.711 ³",
        "0.656–0.846 ²",
        "0.552–0.839 ³",
    ),
    (
        "Niu et al. (2023) [20]",
        "Differentiating NSCLC ⁵ and BC ⁶ spinal metastasis",
        "Radiomics—logistic regression (Ori-RS)",
        "0.890 ²",
        "0.881 ³",
        "0.843–0.938 ²",
        "0.810–0.953 ³",
    ),
    (
        "",
        "EGFR ¹ mutation status",
        "Radiomics—logistic regression (EGFR-RS)",
        "0.793 ²",
        "0.744 ³",
        "0.703–0.833 ²",
        "0.601–0.887 ³",
    ),
    (
        "",
        "Ki-67 expression level",
        "Radiomics—logistic regression (Ki-67-RS)",
        "0.798 ²",
        "0.738 ³",
        "0.693–0.902 ²",
        "0.554–0.921 ³",
    ),
    (
        "Zhang et al. (2024) [23]",
        "Ki-67 level",
        "Radiomics (RS-Ki-67)",
        "0.812 ²",
        "0.799 ³",
        "0.710–0.914 ²",
        "0.652–0.947 ³",
    ),
    (
        "",
        "HER-2 ⁹ mutation status",
        "Radiomics (RS-HER-2)",
        "0.796 ²",
        "0.705 ³",
        "0.686–0.906 ²",
        "0.506–0.904 ³",
    ),
    (
        "Cao et al. (2022) [26]",
        "Differentiating Exon 19 and Exon 21 in EGFR ¹ mutation",
        "Nomogram",
        "0.901 ²",
        "0.882 ³",
        "0.783–0.967 ²",
        "0.695–0.974 ³",
    ),
    (
        "Fan et al. (2022) [24]",
        "EGFR ¹ mutation status",
        "Radiomics (RS-EGFR)",
        "0.851 ²",
        "0.780 ³",
        "0.774–0.921 ²",
        "0.645–0.916 ³",
    ),
    (
        "",
        "EGFR ¹ Exon 19 deletion",
        "Radiomics (RS-19)",
        "0.816 ²",
        "0.789 ³",
        "0.716–0.917 ²",
        "0.636–0.942 ³",
    ),
    (
        "",
        "EGFR ¹ Exon 21 mutation",
        "Radiomics (RS-21)",
        "0.814 ²",
        "0.770 ³",
        "0.714–0.914 ²",
        "0.609–0.931 ³",
    ),
    (
        "Fan et al. (2022) [25]",
        "EGFR ¹ mutation status",
        "Clinical-radiomics nomogram model (nomogram-EGFR)",
        "0.849 ²",
        "0.828 ³",
        "0.776–0.922 ²",
        "0.708–0.949 ³",
    ),
    (
        "",
        "T790M mutation status",
        "Clinical-radiomics nomogram model (nomogram-T790M)",
        "0.842 ²",
        "0.823 ³",
        "0.717–0.927 ²",
        "0.633–0.940 ³",
    ),
    (
        "Fan et al. (2021) [27]",
        "EGFR ¹ mutation status",
        "Radiomics (multi-regional radiomics signature)",
        "0.879 ²",
        "0.777 ³",
        "0.766–0.947 ²",
        "0.612–0.967 ³",
    ),
    (
        "Ren et al. (2021) [28]",
        "EGFR ¹ mutation status",
        "Combined rad score",
        "0.886 ²",
        "0.803 ³",
        "0.826–0.947 ²",
        "0.682–0.924 ³",
    ),
)

TABLE_4_HEADER: Final[Row5] = ("Study", "Output/Prediction", "Best Performing Model", "AUC", "95% CI")

# Only one row of this table carries the mark ¹ after EGFR; so printed.
TABLE_4: Final[tuple[Row5, ...]] = (
    ("Hu et al. (2024) [18]", "EGFR mutation status", "Radiomics (RS-SM-Com)", "0.865", "0.731–0.998"),
    ("Cao et al. (2023) [22]", "EGFR mutation status", "Radiomics (RS-Com-EGFR)", "0.738", "-"),
    ("", "EGFR Exon 19 mutation", "Radiomics (RS-Com-Exon19)", "0.825", "-"),
    ("", "EGFR Exon 21 mutation", "Radiomics (RS-Com-Exon21)", "0.811", "-"),
    (
        "Jiang et al. (2023) [21]",
        "EGFR mutation status",
        "CM-EfNet (CBAM ⁷ and MFM ⁸ and EfficientNet v2)",
        "0.764",
        "0.615–0.914",
    ),
    (
        "",
        "EGFR mutations in Exons 19 and 21",
        "CM-EfNet (CBAM ⁷ and MFM ⁸ and EfficientNet v2)",
        "0.687",
        "0.476–0.897",
    ),
    ("Fan et al. (2022) [24]", "EGFR mutation status", "Radiomics (RS-EGFR)", "0.807", "0.595–0.938"),
    ("", "EGFR Exon 19 deletion", "Radiomics (RS-19)", "0.742", "0.478–0.919"),
    ("", "EGFR Exon 21 mutation", "Radiomics (RS-21)", "0.792", "0.530–0.946"),
    (
        "Fan et al. (2022) [25]",
        "EGFR ¹ mutation status",
        "Clinical-radiomics nomogram model (nomogram-EGFR)",
        "0.778",
        "0.610–0.946",
    ),
    (
        "",
        "T790M mutation status",
        "Clinical-radiomics nomogram model (nomogram-T790M)",
        "0.800",
        "0.548–0.948",
    ),
)

# Section 3, first paragraph: "with a total of 2211 patients (Table 1). Each study included an average of
# 201 ± 90 patients, ranging from 76 to 359 patients." The abstract prints the same numbers.
TOTAL_PATIENTS: Final = 2211
MEAN_COHORT: Final = 201
SD_COHORT: Final = 90
COHORT_RANGE: Final = (76, 359)

# Abstract, Results: "EGFR, Ki-67, and HER-2 were studied in ten (90.9%), two (18.1%), and one (9.1%) study,
# respectively." Studies, and their printed share of eleven.
EGFR_STUDIES: Final = (10, "90.9%")
KI_67_STUDIES: Final = (2, "18.1%")  # as printed; 2/11 is 18.18…, which rounds to 18.2 %
HER_2_STUDIES: Final = (1, "9.1%")

# (AUC, lower, upper, number of AUCs in the table). The paper prints the first three; the fourth is counted
# here: every AUC cell of Table 3 (cross-validation and split sample together) and of Table 4.
# Section 3, after Table 4: "for internal validation of the established models is 0.849
# (95% CI: 0.835–0.863)".
POOLED_INTERNAL: Final = (0.849, 0.835, 0.863, 41)
# The paragraph after it: "for external validation of the established models is 0.791 (95% CI: 0.738–0.844)".
POOLED_EXTERNAL: Final = (0.791, 0.738, 0.844, 11)
