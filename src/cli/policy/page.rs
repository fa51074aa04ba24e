//! A page of HTML that needs nothing beside itself.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// `title` in the page's head and on top, then `body`; `language` as in HTML's `lang`.
pub fn page(language: &str, title: &str, style: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style)) }
            }
            body {
                h1 { (title) }
                (body)
            }
        }
    };
    page.into_string()
}
