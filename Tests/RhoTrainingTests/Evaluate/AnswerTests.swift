import RhoTraining
import Testing

@Suite struct AnswerTests {
    @Test(arguments: [
        ("He has 48/2 = 24 left.\n#### 24", "24", FinalAnswer.Rule.marked),
        ("so $x = \\boxed{\\frac{1}{2}}$ and then \\boxed{3^{2}}.", "3^{2}", .boxed),
        ("thus a = -\\boxed{256}", "-256", .boxed),
        ("thus 5 - \\boxed{3}", "3", .boxed),
        ("\\boxed 7$ is it", "7", .boxed),
        ("The answer is: 3.5 miles. I hope it is correct.", "3.5 miles", .stated),
        ("the final answer is $9$. Fine", "$9$", .stated),
        ("first 12, then 1,234.50 in all", "1234.50", .number),
        ("it falls to -3", "-3", .number),
    ]) func findsTheAnswer(_ text: String, _ answer: String, _ rule: FinalAnswer.Rule) {
        #expect(FinalAnswer(in: text)?.text == answer)
        #expect(FinalAnswer(in: text)?.rule == rule)
    }

    @Test func findsNoneWhereThereIsNone() {
        #expect(FinalAnswer(in: "no idea") == nil)
        #expect(FinalAnswer(in: "") == nil)
        #expect(FinalAnswer(in: "####\n") == nil)
    }

    @Test(arguments: [
        ("\\dfrac{1}{2}", "0.5"), ("\\frac12", "1/2"), ("10,080", "10080"), ("$1,234.5", "1234.5"),
        ("18 dollars", "18"),
        ("5\\text{ cm}^2", "5"), ("45^\\circ", "45"), ("12\\%", "12"), ("75", "7500"), ("x = 5", "5"), ("twelve", "12"),
        ("x \\in [-2,7]", "[-2, 7]"), ("\\left( 3, \\frac{\\pi}{2} \\right)", "(3,\\frac{\\pi}{2})"),
        ("3 - 13x", "-13x+3"),
        ("\\frac{9a+11}{20}", "\\frac{11+9a}{20}"), ("6+9i", "9i + 6"), ("2\\sqrt{13}", "\\sqrt{52}"),
        ("\\sqrt[3]{27}", "3"),
        ("4210_{5}", "4210_5"), ("C", "(C)"), ("\\text{Evelyn}", "evelyn"), ("3, 5, 7", "7,5,3"),
        ("1 \\pm \\sqrt{19}", "1+\\sqrt{19}, 1-\\sqrt{19}"),
        ("(0,9) \\cup (9,36)", "(0,9)\\cup(9,36)"), ("1\\frac{4}{5}", "1.8"), ("326.53", "326.5"),
        ("0.333", "\\frac{1}{3}"),
        ("5x - 7y + 11z + 4 = 0", "-5x+7y-11z-4=0"), ("80 + 150 = 230 miles", "230"),
        ("\\\\frac{4}{3}", "\\frac{4}{3}"),
        (
            "\\begin{pmatrix} -1/3 \\\\ 2/3 \\end{pmatrix}",
            "\\begin{bmatrix}-\\frac{1}{3}\\\\\\frac{2}{3}\\end{bmatrix}"
        ),
        ("(-\\infty, \\infty)", "\\mathbb{R}"), ("\\cot x", "\\frac{\\cos x}{\\sin x}"), ("\\sin^2 x + \\cos^2 x", "1"),
        ("5!", "120"),
    ]) func acceptsOtherSpellings(_ prediction: String, _ reference: String) {
        #expect(AnswerEquality().equal(prediction, reference), "\(prediction) = \(reference)")
    }

    @Test(arguments: [
        ("2", "3"), ("2.4", "2"), ("1001", "1000"), ("(0,1)", "[0,1)"), ("(1,2)", "(2,1)"), ("3,5", "3,5,7"),
        ("x+1", "x+2"),
        ("52_8", "52_9"), ("Evelyn", "Navin"), ("nevin", "Navin"), ("", "0"), ("\\frac{1}{3}", "0.5"), ("x^2", "x^3"),
        ("n/a", "5"),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1\\\\3\\end{pmatrix}"), ("(((((((((((", "1"),
        ("{", "}"),
    ]) func refusesOthers(_ prediction: String, _ reference: String) {
        #expect(!AnswerEquality().equal(prediction, reference), "\(prediction) != \(reference)")
    }

    @Test func percentIsAChoice() {
        #expect(!AnswerEquality(percent: false).equal("75", "7500"))
        #expect(AnswerEquality(percent: false).equal("75%", "75"))
    }

    @Test func survivesAnything() {
        let deep = String(repeating: "\\frac{", count: 5000) + String(repeating: "(", count: 5000)
        #expect(!AnswerEquality().equal(deep, "1"))
        #expect(FinalAnswer(in: "\\boxed{" + deep) != nil)
        #expect(!AnswerEquality().equal("\\boxed{\u{0}\u{fffd}", "\\text{"))
    }
}
