//! A critique and the rewritten text, read out of a reply.

/// What a refiner said.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Critique {
    /// What is wrong with the text; empty if the reply does not say.
    pub critique: String,
    /// The rewritten text; empty if there is none that can be used.
    pub revised: String,
    /// Whether the rewritten text has an end, and no tag that makes its bounds a guess.
    pub complete: bool,
}

impl Critique {
    /// Whether the reply did not keep to the form: then it has no rewritten text of its own.
    #[must_use]
    pub fn is_whole_reply(&self) -> bool {
        self.revised.is_empty()
    }

    /// The rewritten text; of a reply that did not keep to the form, the whole reply.
    #[must_use]
    pub fn output<'a>(&'a self, reply: &'a str) -> &'a str {
        if self.is_whole_reply() { reply } else { &self.revised }
    }
}

/// Reads the blocks whose tags carry the code that was asked for, `<revised-3f…>`: nothing that the text itself
/// holds ends them. A reply without any is read as the original does, by [`read_critique`].
#[must_use]
pub fn read_fenced_critique(reply: &str, nonce: &str) -> Critique {
    let lower = reply.to_ascii_lowercase();
    let [critique, revised] = ["critique", "revised"].map(|name| block(&lower, &format!("{name}-{nonce}"), 0));
    let Some(revised) = revised else { return read_critique(reply) };
    let text = |block: &Block, end: usize| reply[block.start..end].trim().to_owned();
    // An end that is missing leaves the critique where the rewrite begins.
    let critique = critique
        .map(|block| text(&block, if block.start <= revised.open { block.end.min(revised.open) } else { block.end }));
    Critique { critique: critique.unwrap_or_default(), revised: text(&revised, revised.end), complete: revised.closed }
}

/// Reads the blocks `<critique>` and `<revised>`, in any case and order, whatever stands around
/// them. A block without an end goes on to the end of the reply. A `<revised>` within the critique
/// is quoted, and no block.
#[must_use]
pub fn read_critique(reply: &str) -> Critique {
    // Only ASCII letters change, so that places in one are places in the other.
    let lower = reply.to_ascii_lowercase();
    let critique = block(&lower, "critique", 0);
    let revised = block(&lower, "revised", 0);
    let revised = match (&critique, revised) {
        (Some(critique), Some(revised)) if critique.contains(&revised) => match critique.closed {
            true => block(&lower, "revised", critique.end),
            // Then the critique is what was not closed, and ends where the text begins.
            false => Some(revised),
        },
        (_, revised) => revised,
    };
    let critique = critique.map(|block| {
        let cut = revised.as_ref().filter(|revised| !block.closed && block.contains(revised));
        &reply[block.start..cut.map_or(block.end, |revised| revised.open)]
    });
    let text = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
    let complete = revised.as_ref().is_some_and(|block| {
        let tags = |from: &str| from.matches("<revised>").count() + from.matches("</revised>").count();
        block.closed && tags(&lower[block.start..]) == 1
    });
    Critique { critique: text(critique), revised: text(revised.map(|block| &reply[block.start..block.end])), complete }
}

/// Where a block stands.
struct Block {
    /// Where its tag begins.
    open: usize,
    /// Where its text begins.
    start: usize,
    /// Where its text ends.
    end: usize,
    /// Whether it has an end tag.
    closed: bool,
}

impl Block {
    fn contains(&self, other: &Self) -> bool {
        (self.start..self.end).contains(&other.open)
    }
}

/// The first block of a name from a place on.
fn block(lower: &str, name: &str, from: usize) -> Option<Block> {
    let open = from + lower.get(from..)?.find(&format!("<{name}>"))?;
    let start = open + name.len() + 2;
    let end = lower[start..].find(&format!("</{name}>")).map(|end| start + end);
    Some(Block { open, start, end: end.unwrap_or(lower.len()), closed: end.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(reply: &str) -> (String, String) {
        let Critique { critique, revised, .. } = read_critique(reply);
        (critique, revised)
    }

    fn is(critique: &str, revised: &str) -> (String, String) {
        (critique.to_owned(), revised.to_owned())
    }

    #[test]
    fn blocks_are_found_in_any_case_and_order() {
        assert_eq!(read("<CRITIQUE>c</Critique> x <Revised>r</REVISED>"), is("c", "r"));
        assert_eq!(read("<revised>r</revised><critique>c</critique>"), is("c", "r"));
        assert_eq!(read("<critique>é</critique><revised>İ<b></revised>"), is("é", "İ<b>"));
    }

    #[test]
    fn a_tag_quoted_in_the_critique_is_no_rewrite() {
        assert_eq!(
            read("<critique>it lacks <revised>x</revised></critique><revised>r</revised>"),
            is("it lacks <revised>x</revised>", "r")
        );
        assert_eq!(read("<critique>it lacks <revised></critique>"), is("it lacks <revised>", ""));
    }

    #[test]
    fn a_block_that_is_not_closed_goes_on() {
        assert_eq!(read("<critique>c <revised>r"), is("c", "r"));
        assert_eq!(read("<critique>c <revised>r</revised> rest"), is("c", "r"));
        assert_eq!(read("<critique>c"), is("c", ""));
        assert!(read_critique("<critique>c</critique><revised> \n</revised>").is_whole_reply());
    }

    #[test]
    fn tags_with_the_code_hold_whatever_is_in_them() {
        let reply = "<critique-ab1>\n- it shows <revised>x</revised>\n</critique-ab1>\n<revised-ab1>\n```\n<revised>y</revised>\n```\nrest\n</revised-ab1>";
        let read = read_fenced_critique(reply, "ab1");
        assert_eq!(read.critique, "- it shows <revised>x</revised>");
        assert_eq!((read.revised.as_str(), read.complete), ("```\n<revised>y</revised>\n```\nrest", true));
        let cut = read_fenced_critique("<critique-ab1>c<revised-ab1>half a te", "ab1");
        assert_eq!((cut.critique.as_str(), cut.revised.as_str(), cut.complete), ("c", "half a te", false));
    }

    #[test]
    fn plain_tags_are_complete_only_where_their_bounds_are_no_guess() {
        for (reply, complete) in [
            ("<critique>c</critique><revised>r</revised>", true),
            ("<critique>see <revised>x</revised></critique><revised>r</revised>", true),
            ("<critique>c</critique><revised>r", false),
            ("<critique>c</critique><revised>a <revised>b</revised> c</revised>", false),
            ("<critique>c</critique><revised>a </revised> b</revised>", false),
            ("no form", false),
        ] {
            assert_eq!(read_fenced_critique(reply, "ab1").complete, complete, "{reply}");
        }
    }

    proptest! {
        #[test]
        fn any_reply_is_read_without_panic(reply in "(<critique>|</critique>|<revised>|</revised>|é|x| ){0,12}") {
            let read = read_critique(&reply);
            prop_assert!(reply.contains(&read.critique) && reply.contains(&read.revised));
        }
    }
}
