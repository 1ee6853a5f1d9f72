"""What is known of the exports of shop and mail platforms: a file a platform, a source's keys by the kind of export."""
